"""Models of transformers as densities: the numbers, searches and gradients of the library's own model."""

import os
import sys

import numpy as np
import pytest
from conftest import DATA, SUM

import ponder

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("gguf")


def of_file(path, **kw):
    """The model of a GGUF file as transformers reads it."""
    folder, name = os.path.split(path)
    torch.manual_seed(0)
    return transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32, **kw)


TINY = os.path.join(DATA, "tiny", "llama-tied", "model.gguf")
PROMPT = [5, 17, 130, 42]


@pytest.fixture(scope="module", params=[True, False], ids=["kept", "whole"])
def pair(request):
    """The library's model, and the same in torch: with keys and values, and by whole prefixes."""
    from ponder.torch import TorchDensity

    density = TorchDensity(of_file(TINY), keep=request.param)
    with ponder.Model(TINY, precision="f32") as own, ponder.Model(TINY, density=density) as other:
        yield own, other, density


def test_log_probabilities(pair):
    own, other, density = pair
    replies = [[8, 299, 63], [11, 200, 5, 77, 9], [1] * 9]
    for a, b in zip(own.score(PROMPT, replies, alpha=2), other.score(PROMPT, replies, alpha=2), strict=True):
        np.testing.assert_allclose(a.logprobs, b.logprobs, atol=1e-4)
        np.testing.assert_allclose(a.lz, b.lz, atol=1e-4)
    assert 0 <= density.drift / 512 * 23 < 1e-3  # as many tokens as the test at the start has


def test_searches_find_the_same_replies(pair):
    own, other, _ = pair
    options = {"target": "fixed", "length": 3}
    assert other.generate(PROMPT, beam=8, **options).reply_ids == own.generate(PROMPT, beam=8, **options).reply_ids
    a, b = own.prove(PROMPT, n_best=3, **options), other.prove(PROMPT, n_best=3, **options)
    assert [r.reply_ids for r in a.n_best] == [r.reply_ids for r in b.n_best]


def test_chains_have_the_law(pair):
    own, other, _ = pair
    options = {"target": "fixed", "length": 2, "allow_ids": [5, 9, 40], "alpha": 2, "seed": 1}
    r = other.sample(PROMPT, chains=32, draws=60, warmup=20, **options)
    scores = {x: own.score(PROMPT, [list(x)], allow_ids=[5, 9, 40])[0].sum for x in np.ndindex(3, 3) for x in [tuple([5, 9, 40][i] for i in x)]}
    total = sum(np.exp(2 * s) for s in scores.values())
    counts = dict.fromkeys(scores, 0)
    for reply in r.trace.tokens.reshape(-1, 2).tolist():
        counts[tuple(reply)] += 1
    distance = sum(abs(counts[k] / (32 * 60) - np.exp(2 * s) / total) for k, s in scores.items()) / 2
    assert distance < 0.05


def test_gradients(pair):
    own, other, _ = pair
    reply = [8, 299, 63, 11]
    a, b = own.grad(PROMPT, reply), other.grad(PROMPT, reply)
    assert a.value == pytest.approx(b.value, abs=1e-4)
    np.testing.assert_allclose(a.gradient, b.gradient, atol=1e-3 * np.abs(a.gradient).max())
    soft = {"candidates": [[5, 6], [7, 8]], "weights": [[0.3, 0.7], [0.5, 0.5]]}
    np.testing.assert_allclose(own.grad(PROMPT, **soft).gradient, other.grad(PROMPT, **soft).gradient, atol=1e-3)


def test_a_drift_is_told():
    from ponder.torch import TorchDensity

    model = of_file(TINY)

    def noisy(module, given, out):
        return out + 0.1 * torch.randn_like(out)

    model.get_output_embeddings().register_forward_hook(noisy)
    with pytest.raises(ponder.InvalidError, match="max_drift"):
        TorchDensity(model)


def test_import_ponder_imports_no_torch():
    import subprocess

    code = "import sys, ponder; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_model_of_people(pair):
    """SmolLM2, where it was fetched."""
    path = os.path.expanduser("~/.cache/ponder/SmolLM2-135M-Instruct.Q4_1.gguf")
    if not os.path.exists(path) or not pair[2].keep:
        pytest.skip("SmolLM2 was not fetched, or was tested")
    from ponder.torch import TorchDensity

    density = TorchDensity(of_file(path))
    assert density.keep
    with ponder.Model(path, precision="f32") as own, ponder.Model(path, density=density) as other:
        reply = own.generate(SUM, max_length=24).reply
        a, b = own.score(SUM, [reply])[0], other.score(SUM, [reply])[0]
        np.testing.assert_allclose(a.logprobs, b.logprobs, atol=1e-4)
        options = {"max_length": 8, "target": "truncated"}
        assert own.generate(SUM, beam=4, **options).reply == other.generate(SUM, beam=4, **options).reply
        assert own.prove(SUM, **options).reply == other.prove(SUM, **options).reply
