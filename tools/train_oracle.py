"""Trains the two convolutional oracles of data/dna on made-up data of how strongly a DNA sequence
is bound.

The data are no measurement: their law is known, so that both the networks and the designs can be
judged by it. A sequence of 200 letters is bound by four factors of JASPAR (matrices from the
package pyjaspar, CC BY 4.0). Each place has an occupancy sigmoid(log-odds - threshold), and n,
their sum over places, counts n / (n + 1). The response adds these with weights, one of them
negative; a bonus where SP1 stands 5 to 25 letters to the left of GATA1 (the grammar); a penalty for
GC content away from one half; and normal noise. The second network has another shape, another seed
and its own data: it is held out, to catch sequences that please the first one only.

  train_oracle.py OUT_DIR [--only first|second] [--epochs N] [--sequences N] [--threads N]
                                 writes first.json, first.safetensors, second.json, second.safetensors and report.json
  train_oracle.py --judge X.fa   the response, without noise, of each sequence of a FASTA file
Needs torch, safetensors, numpy, pyjaspar.
"""

import argparse
import json
import pathlib
import time

import numpy as np
from pyjaspar import jaspardb

LENGTH, NOISE = 200, 0.1
FACTORS = {"SP1": "MA0079.5", "GATA1": "MA0035.4", "CTCF": "MA0139.1", "NRF1": "MA0506.2"}
WEIGHTS = {"SP1": 1.0, "GATA1": 1.0, "CTCF": 1.2, "NRF1": -0.8}
PAIR_BONUS, GAPS = 1.5, range(5, 26)
SEEDS = {"first": 1, "second": 2, "test": 3}


def log_odds() -> dict[str, np.ndarray]:
    db = jaspardb()
    out = {}
    for name, matrix_id in FACTORS.items():
        m = db.fetch_motif_by_id(matrix_id)
        counts = np.array([m.counts[c] for c in "ACGT"], dtype=float).T
        out[name] = np.log((counts + 0.2) / (counts.sum(1, keepdims=True) + 0.8) / 0.25)
    return out


def places(x: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """Log-odds at each place, the better strand: (n, places). x: (n, length) of 0 to 3."""
    best = None
    for o in (odds, odds[::-1, ::-1]):
        s = sum(o[j][x[:, j : x.shape[1] - len(o) + 1 + j]] for j in range(len(o)))
        best = s if best is None else np.maximum(best, s)
    return best


def response(x: np.ndarray, motifs: dict[str, np.ndarray]) -> np.ndarray:
    site = {k: 1 / (1 + np.exp(0.55 * o.max(1).sum() - places(x, o))) for k, o in motifs.items()}
    y = np.zeros(len(x))
    for k, s in site.items():
        n = s.sum(1)
        y += WEIGHTS[k] * n / (n + 1)
    pair = np.zeros(len(x))
    for gap in GAPS:
        shift = len(motifs["SP1"]) + gap
        n = min(site["SP1"].shape[1], site["GATA1"].shape[1] - shift)
        pair = np.maximum(pair, (site["SP1"][:, :n] * site["GATA1"][:, shift : shift + n]).max(1))
    gc = np.isin(x, (1, 2)).mean(1)
    return y + PAIR_BONUS * pair - 4 * (gc - 0.5) ** 2


def draw_sites(odds: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n sites (n, width) from the motif, sharper or duller, on either strand."""
    p = np.exp(odds[None] * rng.uniform(0.7, 1.5, (n, 1, 1)))
    cumulated = np.cumsum(p / p.sum(2, keepdims=True), axis=2)
    sites = (rng.random((n, len(odds), 1)) > cumulated[:, :, :3]).sum(2)
    turned = rng.random(n) < 0.5
    sites[turned] = 3 - sites[turned, ::-1]
    return sites


def data(n: int, rng: np.random.Generator, motifs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences of varied GC content with up to seven sites put in; a third of them got an SP1 and GATA1 near
    each other. Returns letters (n, LENGTH) and noisy responses (n)."""
    gc = rng.uniform(0.3, 0.7, size=(n, 1))
    x = np.where(rng.random((n, LENGTH)) < gc, rng.integers(1, 3, (n, LENGTH)), 3 * rng.integers(0, 2, (n, LENGTH)))

    def put(rows: np.ndarray, begin: np.ndarray, name: str) -> None:
        sites = draw_sites(motifs[name], len(rows), rng)
        x[rows[:, None], begin[:, None] + np.arange(sites.shape[1])] = sites

    wanted = rng.integers(0, 8, n)
    for k in range(7):
        chosen = rng.integers(0, len(motifs), n)
        for v, name in enumerate(motifs):
            rows = np.flatnonzero((wanted > k) & (chosen == v))
            put(rows, rng.integers(0, LENGTH - len(motifs[name]) + 1, len(rows)), name)
    rows = np.flatnonzero(rng.random(n) < 1 / 3)
    width = len(motifs["SP1"])
    begin = rng.integers(0, LENGTH - width - 40 - len(motifs["GATA1"]), len(rows))
    put(rows, begin, "SP1")
    put(rows, begin + width + rng.integers(0, 41, len(rows)), "GATA1")
    return x, response(x, motifs) + NOISE * rng.normal(size=n)


def train(make, name: str, n: int, epochs: int, motifs: dict[str, np.ndarray]):
    """Stops when three epochs in a row were no better on a held-out tenth of the data; keeps the
    best epoch."""
    import torch
    from oracle_shapes import one_hot, predict

    began = time.monotonic()
    torch.manual_seed(SEEDS[name])
    model = make()
    x, y = data(n, np.random.default_rng(SEEDS[name]), motifs)
    n_train, batch = n - n // 10, 128
    seen, target = one_hot(x), torch.from_numpy(y).float()
    steps = epochs * (n_train // batch)
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    best, best_state, best_epoch = -1.0, None, 0
    print(f"{name}: {sum(p.numel() for p in model.parameters())} weights, {n_train} sequences, data made in "
          f"{time.monotonic() - began:.0f} s", flush=True)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        order = torch.randperm(n_train)
        for k in range(n_train // batch):
            i = order[k * batch : (k + 1) * batch]
            loss = ((model(seen[i])[:, 0] - target[i]) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() / (n_train // batch)
        r = np.corrcoef(predict(model, seen[n_train:]), y[n_train:])[0, 1]
        print(f"  epoch {epoch + 1}/{epochs}: loss {total:.4f}, held-out r {r:.4f}, {time.monotonic() - began:.0f} s",
              flush=True)
        if r > best:
            best, best_epoch = r, epoch
            best_state = {k: v.clone() for k, v in model.state_dict().items()}
        elif epoch - best_epoch >= 3:
            break
    model.load_state_dict(best_state)
    return model


def judge(path: str) -> None:
    text = pathlib.Path(path).read_text().split(">")[1:]
    rows = ["".join(record.split("\n")[1:]).strip().upper() for record in text]
    x = np.array([["ACGT".index(c) for c in row] for row in rows])
    for record, y in zip(text, response(x, log_odds()), strict=True):
        print(f"{record.split()[0]}\t{y:.4f}")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", nargs="?", type=pathlib.Path)
    p.add_argument("--judge", metavar="X.fa")
    p.add_argument("--only", choices=("first", "second"))
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--sequences", type=int, default=40000)
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    if a.judge:
        return judge(a.judge)
    if a.out is None:
        p.error("expected OUT_DIR or --judge")
    import export_oracle
    import torch
    from oracle_shapes import first_model, one_hot, predict, second_model

    torch.set_num_threads(a.threads)
    a.out.mkdir(parents=True, exist_ok=True)
    motifs = log_odds()
    x, y = data(4000, np.random.default_rng(SEEDS["test"]), motifs)
    report = {}
    for name, make in (("first", first_model), ("second", second_model)):
        if a.only not in (None, name):
            continue
        model = train(make, name, a.sequences, a.epochs, motifs)
        export_oracle.export(model, LENGTH, a.out / name)
        torch.save(model, a.out / f"{name}.pt")  # for export_oracle.py --check; not committed
        said = predict(model, one_hot(x))
        report[name] = {"r": round(float(np.corrcoef(said, y)[0, 1]), 4),
                        "r_without_noise": round(float(np.corrcoef(said, response(x, motifs))[0, 1]), 4)}
        print(f"{name}, common test set of {len(x)}: {report[name]}", flush=True)
    (a.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
