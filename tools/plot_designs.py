"""Draws designs: a sequence logo, and the course of the fitness (a line a chain or a start), as
SVG, PNG or PDF.

  plot_designs.py X.jsonl --out X.svg [--top N] [--motif NAME | --begin B --end E]   X.jsonl: ponder design … --out X.jsonl

A motif stands somewhere else in every design, so that a logo by position is blank. Where the
fitness has a term "motif", the logo is therefore of the designs aligned on its best place in each,
turned to its strand. --top: the logo of the N fittest designs only. --motif: which one to align on;
the first unless given. --by-position: no alignment. --begin, --end: positions of the logo, from 0;
no alignment either. Needs logomaker, matplotlib (pip install logomaker matplotlib).
"""

import argparse
import json
import pathlib

import logomaker
import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

PER_ROW = 50  # positions in one row
FLANK = 10  # letters on each side of the motif by which the designs are aligned
COMPLEMENT = str.maketrans("ACGT", "TGCA")
# Okabe and Ito's colours, which colour-blind readers can tell apart.
COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}


def information(sequences: list[str]) -> pd.DataFrame:
    """Bits of each letter in a position's information, with the small-sample correction of
    Schneider et al. 1986. Spaces stand for no letter."""
    x = np.array([list(s) for s in sequences])
    count = np.stack([(x == letter).sum(0) for letter in "ACGT"], axis=1)
    n = np.maximum(count.sum(1), 1)
    share = count / n[:, None]
    entropy = -(share * np.log2(np.where(share > 0, share, 1))).sum(1)
    bits = np.clip(2 - entropy - 3 / (2 * np.log(2) * n), 0, 2)
    return pd.DataFrame(share * bits[:, None], columns=list("ACGT"))


def aligned(designs: list[dict], motif: str) -> pd.DataFrame:
    """The logo around the best place of a motif; position 0 is its first letter. Positions beyond
    an end are spaces."""
    windows = []
    for d in designs:
        place = next(p for p in d["places"] if p["motif"] == motif)
        pad = " " * FLANK
        window = (pad + d["sequence"] + pad)[place["begin"] : place["end"] + 2 * FLANK]
        windows.append(window if place["strand"] == "+" else window.translate(COMPLEMENT)[::-1])
    logo = information(windows)
    logo.index = logo.index - FLANK
    return logo


def curves(designs: list[dict]) -> tuple[list[tuple[list, list]], str]:
    """Lines (x, y) and the label of x: the best fitness so far of each start, or the draws of each
    chain."""
    if "curve" in designs[0]:
        return [tuple(zip(*d["curve"], strict=True)) for d in designs], "iteration"
    chains: dict[int, list[tuple[int, float]]] = {}
    for d in designs:
        if "chain" in d:
            chains.setdefault(d["chain"], []).append((d["draw"], d["fitness"]))
    return [tuple(zip(*sorted(c), strict=True)) for c in chains.values()], "draw"


def held_out(axes: plt.Axes, designs: list[dict]) -> None:
    axes.scatter([d["fitness"] for d in designs], [d["held_out"] for d in designs], s=10, color="#0072B2", alpha=0.6)
    axes.set(xlabel="fitness", ylabel="held-out oracle", title="A dot a design")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("designs", type=pathlib.Path)
    p.add_argument("--out", type=pathlib.Path, required=True)
    p.add_argument("--top", type=int)
    p.add_argument("--motif")
    p.add_argument("--by-position", action="store_true")
    p.add_argument("--begin", type=int)
    p.add_argument("--end", type=int)
    a = p.parse_args()
    designs = [json.loads(line) for line in a.designs.read_text().splitlines() if line]
    if not designs or "sequence" not in designs[0]:
        p.error(f"expected the JSON lines of ponder design --out X.jsonl, got {a.designs}")
    best = sorted(designs, key=lambda d: -(d["fitness"] if d["fitness"] is not None else -np.inf))[: a.top]
    motifs = [place["motif"] for place in designs[0].get("places", [])]
    if a.motif and a.motif not in motifs:
        p.error(f"expected one of the motifs {motifs} for --motif, got {a.motif}")
    by_position = a.by_position or a.begin is not None or a.end is not None or not motifs
    motif = a.motif or (motifs[0] if motifs else "")
    if by_position:
        logo = information([d["sequence"] for d in best]).iloc[a.begin : a.end]
    else:
        logo = aligned(best, motif)
    rows = [logo.iloc[k : k + PER_ROW] for k in range(0, len(logo), PER_ROW)]
    lines, unit = curves(designs)
    judged = "held_out" in designs[0]

    figure = plt.figure(figsize=(11, 1.3 * len(rows) + 3.4), layout="constrained")
    grid = figure.add_gridspec(len(rows) + 1, 2, height_ratios=[1] * len(rows) + [2.4])
    for k, row in enumerate(rows):
        axes = figure.add_subplot(grid[k, :])
        logomaker.Logo(row, ax=axes, color_scheme=COLOURS)
        axes.set(ylim=(0, 2), ylabel="bits", xlim=(row.index[0] - 0.5, row.index[0] + min(PER_ROW, len(logo)) - 0.5))
        axes.spines[["top", "right"]].set_visible(False)
        if k == 0:
            where = "by position" if by_position else f"aligned on the best place of {motif}"
            axes.set_title(f"{len(best):,} designs, {where}")
    if lines:
        axes = figure.add_subplot(grid[-1, 0] if judged else grid[-1, :])
        for x, y in lines:
            axes.plot(x, y, lw=0.9, alpha=0.8)
        axes.set(xlabel=unit, ylabel="fitness" if unit == "draw" else "best fitness so far",
                 title="A line a chain" if unit == "draw" else "A line a start")
    if judged:
        held_out(figure.add_subplot(grid[-1, 1] if lines else grid[-1, :]), designs)
    figure.savefig(a.out, dpi=110)


if __name__ == "__main__":
    main()
