#!/usr/bin/env python3
"""The table of a results file: report.py RESULTS.json [--markdown FILE]. It is Markdown that also
reads well as plain text. compare.py does the measuring."""

import argparse
import json
import pathlib
import statistics
import sys

UNITS = {
    "load_s": "s",
    "peak_mb": "MB",
    "import_mb": "MB",
    "gemm_peak_gflops": "GFLOPS",
    "dram_gbs": "GB/s",
}
Summary = dict[str, float]


def summary(values: list[float]) -> Summary:
    return {
        "min": min(values),
        "median": statistics.median(values),
        "max": max(values),
    }


def ratios(samples: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Summary]]:
    """Ponder's figure divided by the peer's, for each work and peer, round by round. Larger is
    better for tokens a second, smaller for load_s and peak_mb."""
    return {
        work: {
            party: summary([a / b for a, b in zip(mine["ponder"], theirs, strict=True)])
            for party, theirs in mine.items()
            if party != "ponder"
        }
        for work, mine in samples.items()
        if "ponder" in mine
    }


def _cell(s: Summary | None) -> str:
    """median (min-max)"""
    if s is None:
        return ""

    def number(x: float) -> str:
        return f"{x:.0f}" if x >= 100 else f"{x:.3g}"

    return f"{number(s['median'])} ({number(s['min'])}-{number(s['max'])})"


def _table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows = [rows[0], ["-" * w for w in widths], *rows[1:]]
    return "".join(
        "| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |\n"
        for r in rows
    )


def _model(name: str, model: dict) -> str:
    parties = list(model["parties"])
    peers = [p for p in parties if p != "ponder"]
    head = ["work", "unit", *parties, *(f"ponder / {p}" for p in peers)]
    rows = [head]
    for work, samples in model["samples"].items():
        figures = [_cell(summary(samples[p])) if p in samples else "" for p in parties]
        quotients = [_cell(model["ratios"].get(work, {}).get(p)) for p in peers]
        rows.append([work, UNITS.get(work, "tokens/s"), *figures, *quotients])
    text = f"## {name}\n\n{_table(rows)}\n"
    for party, about in model["parties"].items():
        gap = model["agreement"][party]
        text += (
            f"* {party}: {about['version']}; {about['setting']}; differs from ponder in"
            f" f32 by {gap['mean']:.2g} nats a token, {gap['max']:.2g} at most\n"
        )
    peaks = ", ".join(f"{k} {_cell(summary(v))} {UNITS[k]}" for k, v in model["peaks"].items())
    return f"{text}* this machine in the same run: {peaks}\n"


def render(results: dict) -> str:
    m, busy = results["machine"], results["busy"]
    other = busy["other_cpu_s"] + busy["stolen_cpu_s"]
    share = other / (busy["own_cpu_s"] + other)
    quiet = "" if share < 0.02 else " **Disturbed: not figures to keep.**"
    return (
        f"Median (min-max) of {results['rounds']} rounds, {results['threads']} threads,"
        f" {results['isa']} instructions, {results['date']}.\n"
        f"{m['cores']} cores of {m['cpu']} (family, model, stepping"
        f" {'/'.join(map(str, m['family_model_stepping']))}), {m['memory_gb']} GB,"
        f" {m['system']}.\n"
        f"Other work took {share:.0%} of the processor time that was used.{quiet}\n\n"
        + "\n".join(_model(name, model) for name, model in results["models"].items())
    )


def write(results: dict, markdown: pathlib.Path | None) -> None:
    text = render(results)
    sys.stdout.write(text)
    if markdown:
        markdown.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    write(json.loads(args.results.read_text(encoding="utf-8")), args.markdown)


if __name__ == "__main__":
    main()
