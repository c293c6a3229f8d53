"""Power sampling by suffix Metropolis: ponder beside the same algorithm in torch (peer.py), interleaved round by round.
Prints draws and tokens a second, their ratios, and whether both draw from one law. Environment and weights: bench/peers."""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "peers"))
import install  # noqa: E402

CACHE = pathlib.Path.home() / ".cache" / "ponder"


class Ponder:
    def __init__(self, program, model, threads):
        self.common = [program, "sample", "-m", model, "--threads", threads, "--precision", "bf16"]

    def run(self, r):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "draws.jsonl"
            given = {"--alpha": r["alpha"], "--chains": r["chains"], "--draws": r["steps"], "--max-length": r["horizon"], "--target": r["target"],
                     "--seed": r["seed"], "--warmup": 0, "--kernel": "suffix", "--out": out, "-p": r["prompt"]}  # fmt: skip
            words = [str(w) for w in [*self.common, "--json", *(x for pair in given.items() for x in pair)]]
            j = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
            draws = [json.loads(line)["logprob"] for line in out.read_text().splitlines()]
        n = r["chains"]
        return {
            "seconds": j["cost"]["seconds"],
            "tokens": j["cost"]["tokens_decoded"],
            "acceptance": j["diagnostics"]["acceptance_rate"]["logprob"],
            "logprobs": [draws[k : k + n] for k in range(0, len(draws), n)],
        }


class Torch:
    def __init__(self, model, threads):
        python = install.hugging_face(CACHE / "peers")
        folder = install.checkpoint(CACHE / "peers", python, model)
        command = [python, pathlib.Path(__file__).with_name("peer.py"), folder, "bf16", threads]
        self.process = subprocess.Popen(
            [str(w) for w in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def run(self, r):
        self.process.stdin.write(json.dumps(r) + "\n")
        line = self.process.stdout.readline()
        if not line:
            sys.exit("error: the peer ended early; its message is above")
        return json.loads(line)


def prompt_of(program, model, text):
    line = json.dumps({"messages": [{"role": "user", "content": text}]}) + "\n"
    words = [program, "score", "-m", str(model), "--input", "-", "--jsonl", "--template-only"]
    ids = json.loads(subprocess.run(words, input=line, check=True, capture_output=True, text=True).stdout)["prompt_ids"]
    words = [program, "info", "-m", str(model), "--json"]
    info = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return {"prompt": text, "prompt_ids": ids, "ends": [e["id"] for e in info["tokenizer"]["end_tokens"]]}


def mean_and_error(runs):
    """Mean log p over chains of all rounds, second half of each, with the error from the spread between chains."""
    chains = []
    for run in runs:
        late = run["logprobs"][len(run["logprobs"]) // 2 :]
        chains += [statistics.fmean(c) for c in zip(*late, strict=True)]
    error = statistics.stdev(chains) / math.sqrt(len(chains)) if len(chains) > 1 else math.inf
    return statistics.fmean(chains), error


def spread(values):
    return f"{min(values):.2f} / {statistics.median(values):.2f} / {max(values):.2f}"


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--program", default=str(ROOT / "build/release/apps/ponder/ponder"))
    p.add_argument("--model", type=pathlib.Path, default=CACHE / "SmolLM2-135M-Instruct.Q4_1.gguf")
    p.add_argument("--prompt", default="Why is the sky blue?")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--steps", type=int, default=60)
    p.add_argument("--horizon", type=int, default=40)
    p.add_argument("--target", choices=["truncated", "ended"], default="truncated", help="ended: starts may take long")
    p.add_argument("--alpha", type=float, default=4)
    p.add_argument("--chains", default="16,1")
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    request = prompt_of(a.program, a.model, a.prompt) | {"alpha": a.alpha, "horizon": a.horizon, "target": a.target}
    parties = {"ponder": Ponder(a.program, a.model, a.threads), "torch bf16": Torch(a.model, a.threads)}
    differs = False
    for n in map(int, a.chains.split(",")):
        steps = a.steps if n > 1 else 4 * a.steps
        r = request | {"chains": n, "steps": steps}
        runs = {name: [] for name in parties}
        for k in range(a.rounds + 1):
            for name, party in parties.items():
                one = party.run(r | {"seed": k})
                if k > 0:  # the first is not counted
                    runs[name].append(one)
        print(f"{n} chains, {steps} draws each, alpha {a.alpha:g}, horizon {a.horizon}, {a.target}, {a.rounds} rounds; min / median / max")
        rate = {}
        for name, of in runs.items():
            rate[name] = {"draws/s": [n * steps / x["seconds"] for x in of], "tokens/s": [x["tokens"] / x["seconds"] for x in of]}
            mean, error = mean_and_error(of)
            cells = "   ".join(f"{unit} {spread(v)}" for unit, v in rate[name].items())
            acceptance = statistics.fmean(x["acceptance"] for x in of)
            print(f"  {name:11} {cells}   accepted {100 * acceptance:.0f} %   log p {mean:.2f} ± {error:.2f}")
        for unit in ("draws/s", "tokens/s"):
            print(f"  ratio of {unit}: {spread([x / y for x, y in zip(*(rate[m][unit] for m in parties), strict=True)])}")
        (m1, e1), (m2, e2) = (mean_and_error(of) for of in runs.values())
        z = (m1 - m2) / math.hypot(e1, e2)
        print(f"  same law: {'yes' if abs(z) < 4 else 'NO'} (mean log p differs by {z:.1f} standard errors)", flush=True)
        differs |= abs(z) >= 4
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
