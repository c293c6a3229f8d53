"""Opens a file of ponder's with ArviZ: 0.23 (InferenceData), or 1.x (DataTree) where Python is new enough for it.

    arviz_test.py WRITE_TRACE FOLDER        FOLDER gets a virtual environment, made once. Returns 77 when pip cannot.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from fetched_python import python_with  # noqa: E402

# 0.23 is the newest version for Python 3.11; 1.x needs 3.12.
REQUIREMENTS = ["arviz==1.3.0" if sys.version_info >= (3, 12) else "arviz==0.23.4", "h5netcdf==1.8.2", "h5py==3.16.0"]

CHECKS = """
import sys, warnings
warnings.simplefilter("ignore")
import arviz as az, numpy as np
run = az.from_netcdf(sys.argv[1])
print("ArviZ", az.__version__, type(run).__name__)
posterior, stats = run["posterior"], run["sample_stats"]
assert posterior["tokens"].dims == ("chain", "draw", "token") and posterior["tokens"].shape == (3, 40, 7)
assert posterior["tokens"].dtype == np.int32 and posterior["length"].dtype == np.int64, "masked as missing, thus floats"
for c in range(3):
    for d in range(40):
        n = (c + 5 * d) % 8
        assert posterior["length"].values[c, d] == n
        assert (posterior["tokens"].values[c, d] == [100 * c + d] * n + [-1] * (7 - n)).all()
x = np.sin(1 + np.arange(40) * (np.arange(3)[:, None] + 1.7))
assert np.allclose(posterior["logprob"], x, atol=1e-14) and np.allclose(stats["lp"], 4 * x, atol=1e-14)
assert posterior["logprob"].attrs["long_name"] == "log p of the reply, nats"
assert set(stats.data_vars) == {"tries", "lp", "acceptance_rate"} and stats["tries"].dtype == np.int64
for group in (posterior, stats):
    assert list(group.coords["chain"]) == [0, 1, 2] and list(group.coords["draw"]) == list(range(40))
    a = group.attrs
    assert a["inference_library"] == "ponder" and a["model"] == "toy, ü" and int(a["seed"]) == 2**63 and a["alpha"] == 4
    assert a["created_at"].endswith("+00:00") and a["inference_library_version"]
assert run.attrs["model"] == "toy, ü"
summary = az.summary(run, var_names=["logprob", "length"])
assert list(summary.index) == ["logprob", "length"] and np.isfinite(summary["r_hat"].astype(float)).all()
print(summary)
"""


def main():
    write_trace, folder = sys.argv[1:]
    python = python_with(REQUIREMENTS, folder)
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "run.nc")
        subprocess.run([write_trace, path], check=True)
        sys.exit(subprocess.run([python, "-c", CHECKS, path]).returncode)


if __name__ == "__main__":
    main()
