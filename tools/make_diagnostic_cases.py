"""Writes tests/data/diagnostics/cases.json: the diagnostics of ArviZ 0.23 for arrays of draws that
can be made anywhere.

    pip install arviz==0.23.4 && python3 tools/make_diagnostic_cases.py >tests/data/diagnostics/cases.json

An array is kept as its recipe, in exact operations only (tests/unit/chain/diagnostics_test.cc has it again):
    u(k)      = uniform in [0, 1) from splitmix64's output for counter k, 53 bits; k counts on through the array, chain by chain
    e         = u + u + u + u - 2
    x_0 = e,    x_t = rho x_{t-1} + e
    x_t = x_{t-1} instead where a further u < stay, as a chain that rejects; not drawn when stay = 0
    y_t = x_t (1 + spread * chain) + shift * chain
    smooth: y · heavy: y / (1 - u) · integer: floor(scale y) · sign: 1 if y > 0, else 0 · stuck: chain
Nested R-hat is the paper's formula (Margossian et al. 2024, equations 4 to 8) in NumPy. NaN is null, infinity "inf".
"""
import json
import math
import warnings

import numpy as np

warnings.simplefilter("ignore")
import arviz as az  # noqa: E402

MASK = 2**64 - 1
CASES = [  # name, chains, draws, options
    ("white", 4, 500, {}),
    ("ar 0.5", 4, 500, {"rho": 0.5}),
    ("ar 0.95", 4, 500, {"rho": 0.95}),
    ("ar 0.999, not mixed", 4, 300, {"rho": 0.999}),
    ("antithetic", 4, 500, {"rho": -0.6}),
    ("strongly antithetic", 2, 400, {"rho": -0.95}),
    ("heavy tails", 4, 500, {"rho": 0.3, "kind": "heavy"}),
    ("integers", 4, 500, {"rho": 0.7, "kind": "integer", "scale": 5}),
    ("few integers", 4, 250, {"rho": 0.5, "kind": "integer", "scale": 1}),
    ("three values", 4, 200, {"rho": 0, "kind": "integer", "scale": 0.4}),
    ("two values", 4, 200, {"rho": 0.5, "kind": "sign"}),
    ("rejections", 4, 300, {"rho": 0.5, "stay": 0.7}),
    ("constant", 4, 100, {"kind": "integer", "scale": 0}),
    ("stuck", 4, 16, {"kind": "stuck"}),
    ("means apart", 4, 200, {"rho": 0.2, "shift": 0.3}),
    ("spreads apart", 4, 200, {"rho": 0.2, "spread": 0.5}),
    ("odd", 4, 101, {"rho": 0.4}),
    ("odd and heavy", 3, 77, {"rho": 0.4, "kind": "heavy"}),
    ("one chain", 1, 400, {"rho": 0.6}),
    ("short", 4, 10, {"rho": 0.3}),
    ("shortest", 2, 4, {}),
    ("five draws", 3, 5, {}),
    ("too short", 4, 3, {}),
    ("many", 64, 1000, {"rho": 0.8}),
    ("long", 2, 5000, {"rho": 0.99}),
]
NESTED = [("white", 2), ("means apart", 2), ("many", 8), ("many", 64), ("many", 32), ("short", 2), ("ar 0.95", 2)]


class Uniforms:
    """splitmix64 (Steele, Lea, Flood 2014) as a function of a counter."""

    def __init__(self, seed):
        self.k = seed << 32

    def __call__(self):
        self.k += 1
        z = self.k * 0x9E3779B97F4A7C15 & MASK
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return ((z ^ z >> 31) >> 11) * 2.0**-53


def array(chains, draws, seed, rho, kind, scale, shift, spread, stay):
    u, y = Uniforms(seed), np.empty((chains, draws))
    for c in range(chains):
        x = 0.0
        for t in range(draws):
            moved = rho * x + (((u() + u()) + u()) + u() - 2)
            if not (stay > 0 and t > 0 and u() < stay):
                x = moved
            v = x * (1 + spread * c) + shift * c
            if kind == "heavy":
                v = v / (1 - u())
            elif kind == "integer":
                v = math.floor(scale * v)
            elif kind == "sign":
                v = float(v > 0)
            elif kind == "stuck":
                v = c
            y[c, t] = v
    return y


def nested(x, k):
    """Superchains are consecutive groups of chains, as an array (superchain, chain, draw)."""
    x = x.reshape(k, -1, x.shape[1])
    chain, superchain = x.mean(axis=2), x.mean(axis=(1, 2))
    b = superchain.var(ddof=1)
    between = chain.var(axis=1, ddof=1) if x.shape[1] > 1 else np.zeros(k)
    within = x.var(axis=2, ddof=1).mean(axis=1) if x.shape[2] > 1 else np.zeros(k)
    return math.sqrt(1 + b / (between + within).mean())


def number(v):
    v = float(v)
    return None if math.isnan(v) else "inf" if math.isinf(v) else v


def main():
    out, arrays = [], {}
    for seed, (name, chains, draws, options) in enumerate(CASES, start=1):
        recipe = {"rho": 0, "kind": "smooth", "scale": 1, "shift": 0, "spread": 0, "stay": 0} | options
        x = arrays[name] = array(chains, draws, seed, **recipe)
        figures = {"rhat": az.rhat(x)}
        for method in ("bulk", "tail", "mean"):
            figures["ess_" + method] = az.ess(x, method=method)
        for method in ("mean", "sd"):
            figures["mcse_" + method] = az.mcse(x, method=method)
        for p in (0.05, 0.5, 0.9):
            figures[f"ess_quantile {p}"] = az.ess(x, method="quantile", prob=p)
            figures[f"mcse_quantile {p}"] = az.mcse(x, method="quantile", prob=p)
        for k in [k for n, k in NESTED if n == name]:
            figures[f"rhat_nested {k}"] = nested(x, k)
        figures = {key: number(v) for key, v in figures.items()}
        out.append({"name": name, "chains": chains, "draws": draws, "seed": seed, **recipe, "sum": float(x.sum()), "figures": figures})
    print(json.dumps({"arviz": az.__version__, "cases": out}, indent=1))


if __name__ == "__main__":
    main()
