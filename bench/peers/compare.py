"""Measures ponder beside its peers: checks that all have the same model, then times every piece of
work in rounds, one party after the other, so that a change in the machine's speed affects all of
them. Started by bench/peers/run, which builds and fetches what is needed."""

import argparse
import datetime
import json
import os
import pathlib
import sys

import agree
import machine
import report
from parties import PartyError, Peer, Ponder, peers
from work import WORKS

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ponder"
MODELS = {
    "smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf",
    "gemma3": "gemma-3-270m-q4_k_m.gguf",
    "qwen05": "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    "qwen15": "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
}
DEFAULT_MODELS = "smollm2,gemma3"
PEAKS = ["gemm_peak_gflops", "dram_gbs"]
Samples = dict[str, dict[str, list[float]]]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def one_round(parties: dict[str, Ponder | Peer], only: list[str], samples: Samples) -> None:
    """Adds one sample of each named work to `samples`; the parties must have been started."""
    for work in WORKS:
        if work.name not in only:
            continue
        line = []
        for name, party in parties.items():
            if work.name in party.works:
                rate = work.n_tokens / party.seconds(work)
                samples.setdefault(work.name, {}).setdefault(name, []).append(rate)
                line.append(f"{name} {rate:.0f}")
        say(f"  {work.name}: {', '.join(line)} tokens/s")


def start(parties: dict[str, Ponder | Peer], samples: Samples) -> None:
    """Starts all parties, each as a new process, and adds the cost to `samples`."""
    for name, party in parties.items():
        for what, value in party.start().items():
            samples.setdefault(what, {}).setdefault(name, []).append(value)


def parties_of(args: argparse.Namespace, file: str) -> dict[str, Ponder | Peer]:
    """Returns the parties, ponder first. Installs peers that are missing."""
    common = (CACHE / file, args.threads, args.isa)
    ponder = Ponder(args.ponder, *common, args.weights)
    return {"ponder": ponder, **peers(args.cache, *common)}


def measure(name: str, parties: dict[str, Ponder | Peer], rounds: int, only: list[str]) -> dict:
    """Returns all results for one model."""
    ponder, *_ = parties.values()
    samples: Samples = {}
    peaks: dict[str, list[float]] = {p: [] for p in PEAKS}
    agreement: dict[str, dict] = {}
    for i in range(rounds):
        say(f"{name}, round {i + 1} of {rounds}")
        try:
            start(parties, samples)
            agreement = agreement or agree.check(parties)
            one_round(parties, only, samples)
        finally:
            for party in parties.values():
                party.stop()
        rates = ponder.bench(PEAKS)
        for peak in PEAKS:
            peaks[peak].append(rates[peak]["median"])
    return {
        "parties": {name: party.about for name, party in parties.items()},
        "agreement": agreement,
        "peaks": peaks,
        "samples": samples,
        "ratios": report.ratios(samples),
    }


def arguments() -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="bench/peers/run", description=__doc__)
    p.add_argument("--rounds", type=int, default=5, help="samples of everything (5)")
    p.add_argument("--threads", type=int, default=2, help="of every party (2)")
    p.add_argument(
        "--models", default=DEFAULT_MODELS, help=f"of {','.join(MODELS)} ({DEFAULT_MODELS})"
    )
    p.add_argument(
        "--weights",
        choices=["auto", "packed", "lean", "quantised"],
        default="auto",
        help="how ponder holds the weights: for speed, or for memory (auto)",
    )
    p.add_argument(
        "--only", default=",".join(w.name for w in WORKS), help="these pieces of work (all)"
    )
    p.add_argument("--quick", action="store_true", help="one round of smollm2")
    p.add_argument(
        "--isa",
        choices=["native", "avx2"],
        default="native",
        help="avx2: llama.cpp built for AVX2, ponder held down to it; no Hugging Face",
    )
    p.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write results")
    p.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="write table")
    p.add_argument("--ponder", default="build/release/apps/ponder/ponder")
    p.add_argument(
        "--cache",
        type=pathlib.Path,
        default=CACHE / "peers",
        help="environments and checkpoints",
    )
    args = p.parse_args()
    if args.quick:
        args.rounds, args.models = 1, "smollm2"
    args.models = args.models.split(",")
    if unknown := set(args.models) - set(MODELS):
        p.error(f"--models: expected {', '.join(MODELS)}, got {', '.join(sorted(unknown))}")
    args.only = args.only.split(",")
    if unknown := set(args.only) - {w.name for w in WORKS}:
        p.error(f"--only: expected names of work.py, got {', '.join(unknown)}")
    return args


def main() -> None:
    args = arguments()
    args.cache.mkdir(parents=True, exist_ok=True)
    results = {
        "date": datetime.date.today().isoformat(),
        "isa": args.isa,
        "threads": args.threads,
        "rounds": args.rounds,
        "machine": machine.describe(),
    }
    try:
        everyone = {MODELS[m]: parties_of(args, MODELS[m]) for m in args.models}
        watch = machine.Watch()
        results["models"] = {
            name: measure(name, parties, args.rounds, args.only)
            for name, parties in everyone.items()
        }
    except PartyError as e:
        sys.exit(f"error: {e}")
    results["busy"] = watch.end()
    if args.json:
        args.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    report.write(results, args.markdown)


if __name__ == "__main__":
    main()
