"""Which kernel wins: effective sample size of log p a CPU second and a thousand TFE, for each
kernel and alpha over prompts.

  kernels.py PROMPTS.jsonl [--prompts 16] [--tokens 2500] [--state FILE] [--out docs/experiments/kernels.md] [--small]

One `ponder sample --input` for each kernel and alpha, so that the model loads once for all prompts;
each prompt has a fixed number of TFE, and of seconds, whichever is used up first. One thread, and
its CPU time, which other work on the machine disturbs less than wall-clock time (with several
threads it would include their waiting). Cells that are done are kept in --state, and not run again.
R-hat and bulk ESS are those of `ponder sample`, over all its chains. A cell whose ESS is too small
to be reliable counts as not mixed, with an ESS of 0, so that a chain that stands still does not
look good. R-hat^2 is about 1 + 2 chains / ESS when chains agree, so that five effective draws a
chain are R-hat 1.18: cells above 1.2 count as not mixed too. Intervals: bootstrap over prompts, 90
%."""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNELS = {
    "suffix": "suffix",
    "suffix, entropy cut": "suffix:cut=entropy",
    "slice": "slice",
    "hmc, no force": "hmc:force=0",
    "hmc, force": "hmc:force=1",
    "gibbs + suffix": "gibbs+suffix",
    "insert-delete + suffix": "insert-delete+suffix",
    "csmc": "csmc",
    "exchange + suffix": "exchange+suffix",
    "dmala + suffix, gradient": "dmala:gradient=1+suffix",
    "dmala + suffix, none": "dmala:gradient=0+suffix",
    "gwg + suffix, gradient": "gwg:gradient=1+suffix",
    "gwg + suffix, none": "gwg:gradient=0+suffix",
    "pafs + suffix, gradient": "pafs:gradient=1+suffix",
    "pafs + suffix, none": "pafs:gradient=0+suffix",
    "hmc-token": "hmc-token",
}
ALPHAS = (1, 2, 4)
MOST_DRAWS = 20_000  # of a chain: more than the TFE allow, but for chains that stand still, whose steps may cost none
RHAT, ESS_CHAIN = 1.2, 5  # more than the one, or less than the other for each chain: not mixed


def requests(path, n):
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    step = max(1, len(lines) // n)  # spread over the file, whose kinds come in blocks
    return [{k: j[k] for k in ("messages", "prompt", "prompt_ids") if k in j} for j in lines[::step][:n]]


def cpu_seconds(pid):
    """CPU seconds of all threads of a process, in user and kernel mode (proc(5))."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cell(line, cpu):
    j = json.loads(line)
    if "error" in j:
        print(f"  no draw: {j['error']['message']}", file=sys.stderr)
        return {"error": j["error"]["message"]}
    d, c = j["diagnostics"], j["cost"]
    return {"rhat": d["rhat"]["logprob"], "ess": d["ess_bulk"]["logprob"], "draws": j["draws"], "seconds": c["seconds"],
            "cpu": cpu, "tfe": c["tokens_decoded"] + c["tokens_scored"] + c["tokens_backward"]}  # fmt: skip


def run(a, kernel, alpha, prompts):
    """Returns a cell a prompt: rhat, ess, draws, seconds, cpu, tfe; or error."""
    words = [a.program, "sample", "--input", "-", "--jsonl", "--kernel", kernel, "--alpha", alpha, "--chains", a.chains,
             "--warmup", a.warmup, "--draws", MOST_DRAWS, "--budget", f"{a.seconds}s,{a.tokens}t", "--max-length", a.horizon,
             "--target", "truncated", "--threads", 1, *(["-m", a.model] if a.model else [])]  # fmt: skip
    cells = []
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([str(w) for w in words], **pipes) as p:
        for k, prompt in enumerate([prompts[0], *prompts]):  # the first a second time: its time has the model's loading
            before = cpu_seconds(p.pid)
            p.stdin.write(json.dumps(prompt) + "\n")
            p.stdin.flush()
            line = p.stdout.readline()
            if not line:
                sys.exit(f"error: expected an answer for {kernel}, got the end of {' '.join(map(str, words))}")
            if k > 0:
                cells.append(cell(line, cpu_seconds(p.pid) - before))
        p.stdin.close()
    return cells


def mixed(c, chains):
    return c.get("rhat") is not None and c.get("ess") is not None and c["rhat"] <= RHAT and c["ess"] >= ESS_CHAIN * chains


def interval(values, rng, n=1000):
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(n))
    return means[n // 20], means[-n // 20 - 1]


def row(name, cells, chains, rng):
    good = sum(mixed(c, chains) for c in cells)
    failed = sum("error" in c for c in cells)
    text = [name, f"{good} of {len(cells)}" + (f", {failed} without a draw" if failed else "")]
    rhats = [c["rhat"] for c in cells if c.get("rhat") is not None]
    text.append(f"{statistics.median(rhats):.2f}" if rhats else "-")
    there = [c for c in cells if "draws" in c]
    paid = there and all(c["draws"] * chains <= c["tfe"] for c in there)  # draws that cost nothing are no new ones
    for of in (lambda c: c["ess"] / c["cpu"], lambda c: 1000 * c["ess"] / max(c["tfe"], 1)):
        values = [of(c) if mixed(c, chains) else 0.0 for c in cells]
        low, high = interval(values, rng)
        if good:
            text.append(f"{statistics.fmean(values):.2f} ({low:.2f} … {high:.2f})")
        elif paid:
            text.append(f"below {statistics.fmean(of({**c, 'ess': c['draws'] * chains}) for c in there):.2f}")
        else:
            text.append("-")
    return "| " + " | ".join(text) + " |"


def report(a, state):
    rng = random.Random(0)
    model = a.model or "the default model"
    lines = [
        "# Which kernel wins",
        "",
        f"`{a.command}`",
        "",
        f"The machine is an {platform.machine()} with {len(os.sched_getaffinity(0))} CPUs, of which one thread is used. The runs have {model}, "
        f"{a.prompts} prompts, {a.chains} chains, {a.tokens} TFE each (at most {a.seconds:g} s) with the warm-up of {a.warmup} steps, and "
        f"replies of up to {a.horizon} tokens, target truncated. "
        f"A prompt counts as mixed where R-hat of log p is at most {RHAT} and its ESS at least {ESS_CHAIN} a chain; where a prompt has not "
        "mixed, its ESS counts as 0. Where no prompt mixed, \"below\" is the value that the same number of independent draws would have "
        "reached (a dash means that chains stood still, so that most of their draws cost nothing). The numbers are means over prompts, with "
        "90 % bootstrap intervals over prompts. Kernels that keep the length, and kernels of continuous noise, are named together with the "
        "kernels that they are cycled with.",
    ]
    for alpha in ALPHAS:
        lines += ["", f"## α = {alpha}", "", "| kernel | mixed | median R-hat | ESS / CPU second | ESS / 1000 TFE |", "|---|---|---|---|---|"]
        lines += [row(n, state[f"{k} {alpha}"], a.chains, rng) for n, k in KERNELS.items() if f"{k} {alpha}" in state]
    a.out.parent.mkdir(parents=True, exist_ok=True)
    a.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file", type=pathlib.Path, help="prompts, one request a line")
    p.add_argument("--prompts", type=int, default=16)
    p.add_argument("--tokens", type=int, default=2500)
    p.add_argument("--seconds", type=float, default=6)
    p.add_argument("--chains", type=int, default=8)
    p.add_argument("--warmup", type=int, default=2)
    p.add_argument("--horizon", type=int, default=8)
    p.add_argument("--program", default=str(ROOT / "build/release/apps/ponder/ponder"))
    p.add_argument("--model", default="")
    p.add_argument("--state", type=pathlib.Path, default=ROOT / "build/kernels-state.json")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/experiments/kernels.md")
    p.add_argument("--small", action="store_true", help="2 prompts, 1000 TFE each: a test of this script")
    a = p.parse_args()
    a.command = "bench/experiments/kernels.py " + " ".join(["PROMPTS.jsonl", *sys.argv[2:]])
    if a.small:
        a.prompts, a.tokens = 2, 1000
    prompts = requests(a.file, a.prompts)
    a.prompts = len(prompts)
    # What the cells depend on: another setting begins anew.
    setting = json.dumps([prompts, a.tokens, a.seconds, a.chains, a.warmup, a.horizon, a.model])
    key = hashlib.sha256(setting.encode()).hexdigest()
    state = json.loads(a.state.read_text()) if a.state.exists() else {}
    if state.get("key") != key:
        state = {"key": key}
    for alpha in ALPHAS:
        for kernel in KERNELS.values():
            if f"{kernel} {alpha}" in state:
                continue
            print(f"alpha {alpha}, {kernel}", file=sys.stderr, flush=True)
            state[f"{kernel} {alpha}"] = run(a, kernel, alpha, prompts)
            a.state.parent.mkdir(parents=True, exist_ok=True)
            partial = a.state.with_suffix(".partial")
            partial.write_text(json.dumps(state))
            partial.replace(a.state)
        report(a, state)


if __name__ == "__main__":
    main()
