"""Trains the convolutional oracles of data/oracles on data made here: how strongly a DNA sequence is bound.

Not a measurement of nature: the law of the data is known, so that what a model learns of it can be judged. A sequence
of 120 letters is bound by four factors of JASPAR (matrices from the package pyjaspar, CC BY 4.0). Each has an occupancy
sigmoid(best log-odds - threshold); the response adds them, and a bonus for SP1 within 5 to 25 letters to the left of
GATA1 (the grammar), a penalty for GC content away from one half, and normal noise. The second model has another seed, another shape
and its own data: it is held out, to catch sequences that please the first model only.

  train_oracle.py OUT_DIR      writes first.json, first.safetensors, second.json, second.safetensors (about 3 minutes)
Needs torch, safetensors, numpy, pyjaspar.
"""

import pathlib
import sys

import export_oracle
import numpy as np
import torch
from pyjaspar import jaspardb
from torch import nn

LENGTH, NOISE = 120, 0.1
FACTORS = {"SP1": "MA0079.5", "GATA1": "MA0035.4", "CTCF": "MA0139.1", "NRF1": "MA0506.2"}
WEIGHTS = {"SP1": 1.0, "GATA1": 1.0, "CTCF": 1.2, "NRF1": -0.8}


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
    at = {k: places(x, o) for k, o in motifs.items()}
    site = {k: 1 / (1 + np.exp(-(v - 0.55 * motifs[k].max(1).sum()))) for k, v in at.items()}
    y = sum(WEIGHTS[k] * v.max(1) for k, v in site.items())
    width = len(motifs["SP1"])
    pair = np.zeros(len(x))
    for gap in range(5, 26):
        shift = width + gap
        n = min(site["SP1"].shape[1], site["GATA1"].shape[1] - shift)
        pair = np.maximum(pair, (site["SP1"][:, :n] * site["GATA1"][:, shift : shift + n]).max(1))
    gc = np.isin(x, (1, 2)).mean(1)
    return y + 1.5 * pair - 4 * (gc - 0.5) ** 2


def data(n: int, rng: np.random.Generator, motifs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences of varied GC content into which up to five draws of the motifs were put, on either strand."""
    gc = rng.uniform(0.3, 0.7, size=(n, 1))
    x = np.where(rng.random((n, LENGTH)) < gc, rng.integers(1, 3, (n, LENGTH)), 3 * rng.integers(0, 2, (n, LENGTH)))
    for row in x:
        for _ in range(rng.integers(0, 6)):
            o = motifs[list(motifs)[rng.integers(len(motifs))]]
            p = np.exp(o * rng.uniform(0.7, 1.5))
            site = [rng.choice(4, p=c / c.sum()) for c in p]
            if rng.random() < 0.5:
                site = [3 - v for v in site[::-1]]
            begin = rng.integers(0, LENGTH - len(site) + 1)
            row[begin : begin + len(site)] = site
    return x, response(x, motifs) + NOISE * rng.normal(size=n)


class Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


def convolution(a: int, b: int, k: int, dilation: int = 1) -> list[nn.Module]:
    return [nn.Conv1d(a, b, k, padding=dilation * (k // 2), dilation=dilation, bias=False), nn.BatchNorm1d(b)]


def first_model() -> nn.Sequential:
    return nn.Sequential(
        *convolution(4, 48, 19), nn.ReLU(), nn.MaxPool1d(2),
        Residual(nn.Sequential(*convolution(48, 48, 5, 2), nn.ReLU())),
        Residual(nn.Sequential(*convolution(48, 48, 5, 4), nn.ReLU())),
        nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, 1),
    )


def second_model() -> nn.Sequential:
    return nn.Sequential(
        *convolution(4, 64, 15), nn.GELU(), nn.AvgPool1d(2),
        *convolution(64, 48, 7), nn.GELU(), nn.MaxPool1d(2),
        *convolution(48, 48, 7), nn.GELU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(48, 1),
    )


def train(model: nn.Sequential, seed: int, n: int, epochs: int, motifs: dict[str, np.ndarray]) -> nn.Sequential:
    rng = np.random.default_rng(seed)
    x, y = data(n, rng, motifs)
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(x).long(), 4).float().transpose(1, 2)
    target = torch.from_numpy(y).float()
    n_train, batch = n - n // 10, 128
    steps = epochs * (n_train // batch)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(epochs):
        model.train()
        order = torch.randperm(n_train, generator=torch.Generator().manual_seed(seed))
        for k in range(n_train // batch):
            i = order[k * batch : (k + 1) * batch]
            loss = ((model(one_hot[i])[:, 0] - target[i]) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        seen = model(one_hot[n_train:])[:, 0].numpy()
    print(f"held-out correlation {np.corrcoef(seen, y[n_train:])[0, 1]:.3f}, without noise "
          f"{np.corrcoef(seen, response(x[n_train:], motifs))[0, 1]:.3f}", flush=True)
    return model


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    motifs = log_odds()
    for name, make, seed in (("first", first_model, 1), ("second", second_model, 2)):
        torch.manual_seed(seed)
        model = train(make(), seed, 12000, 6, motifs)
        export_oracle.export(model, LENGTH, out / name)
        torch.save(model, out / f"{name}.pt")  # for export_oracle.py --check; not committed


if __name__ == "__main__":
    main()
