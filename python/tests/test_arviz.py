"""ArviZ reads the draws: 0.23, the newest for Python 3.11, and 1.x, which needs 3.12. Its R-hat, ESS and MCSE
are ponder's, and its plots draw them."""

import numpy as np
import pytest
from conftest import SUM

import ponder

xarray = pytest.importorskip("xarray")
arviz = pytest.importorskip("arviz")
ONE = not arviz.__version__.startswith("0.")


@pytest.fixture(scope="module")
def draws(toy):
    return toy.sample(SUM, alpha=1, chains=4, draws=60, warmup=10, max_length=12, seed=1)


@pytest.fixture(scope="module")
def data(draws):
    return draws.to_xarray() if ONE else draws.to_inferencedata()


def test_the_layout(draws):
    tree = draws.to_xarray()
    assert isinstance(tree, xarray.DataTree) and set(tree.children) == {"posterior", "sample_stats"}
    posterior, stats = tree["posterior"], tree["sample_stats"]
    assert posterior["logprob"].dims == ("chain", "draw") and np.array_equal(posterior["logprob"], draws.logprobs)
    assert posterior["tokens"].dims == ("chain", "draw", "token") and posterior["tokens"].dtype == np.int32
    assert {"lp", "energy", "acceptance_rate"} <= set(stats.data_vars)
    for group in (posterior, stats):
        assert list(group["chain"]) == list(range(4)) and list(group["draw"]) == list(range(60))
        assert group.attrs["inference_library"] == "ponder" and group.attrs["inference_library_version"] == ponder.__version__
    tokens, length = posterior["tokens"].values, posterior["length"].values
    assert (tokens[0, 0, : length[0, 0]] >= 0).all() and (tokens[0, 0, length[0, 0] :] == -1).all()


@pytest.mark.parametrize("name", ["logprob", "length"])
def test_diagnostics_agree(draws, data, name):
    d = draws.diagnostics
    theirs = {
        "rhat": arviz.rhat(data, var_names=[name]), "ess_bulk": arviz.ess(data, var_names=[name]),
        "ess_tail": arviz.ess(data, var_names=[name], method="tail"), "mcse": arviz.mcse(data, var_names=[name]),
    }  # fmt: skip
    for figure, found in theirs.items():
        assert float(found[name]) == pytest.approx(getattr(d, figure)[name], rel=1e-9), figure


def test_summary(draws, data):
    table = arviz.summary(data, var_names=["logprob", "length"], round_to="none")
    assert list(table.index) == ["logprob", "length"]
    assert table.loc["logprob", "mean"] == pytest.approx(draws.logprobs.mean(), rel=1e-12)
    assert table.loc["logprob", "r_hat"] == pytest.approx(draws.diagnostics.rhat["logprob"], rel=1e-9)


@pytest.mark.parametrize("kind", ["plot_trace", "plot_rank"])
def test_plots_draw_every_chain(data, kind):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    getattr(arviz, kind)(data, var_names=["logprob"], **({"backend": "matplotlib"} if ONE else {}))
    figure = pyplot.gcf()
    shapes = [x for a in figure.axes for x in (*a.lines, *a.patches, *a.collections)]
    assert len(shapes) >= 4
    figure.canvas.draw()
    assert len(np.unique(np.asarray(figure.canvas.buffer_rgba()).reshape(-1, 4), axis=0)) > 20


def test_what_another_arviz_would_need(draws):
    """to_inferencedata() says what to call instead."""
    if ONE:
        with pytest.raises(ImportError, match="to_xarray"):
            draws.to_inferencedata()
    else:
        assert isinstance(draws.to_inferencedata(), arviz.InferenceData)
