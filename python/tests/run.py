"""Runs the tests of the Python package as a user would have it: a wheel in a virtual environment.

    run.py FOLDER BUILD        BUILD: a build of the library, which the wheel's extension links. FOLDER gets
                               the environment, made once. Returns 77 when pip cannot fetch.

The library is not compiled again, so that this takes seconds where the compiler's cache is warm. `pip
install .` compiles all of it.
"""

import glob
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "unit"))
from fetched_python import python_with  # noqa: E402

REQUIREMENTS = ["nanobind==3.1.0", "scikit-build-core==1.1.2", "numpy==2.4.6", "pytest==9.2.0", "mypy==2.4.1", "xarray==2026.9.0",
                "arviz==0.23.4", "ipykernel==7.4.0"]  # fmt: skip


def run(*command, **kw):
    print("$", *command, flush=True)
    code = subprocess.run(command, **kw).returncode
    if code:
        sys.exit(code)


def main():
    folder, build = map(os.path.abspath, sys.argv[1:3])
    python = python_with(REQUIREMENTS, os.path.join(folder, "venv"))
    prefix = os.path.join(folder, "prefix")
    run("cmake", "--install", build, "--prefix", prefix, stdout=subprocess.DEVNULL)
    for old in glob.glob(os.path.join(folder, "*.whl")):
        os.remove(old)
    settings = {"cmake.source-dir": "python", "build-dir": os.path.join(folder, "build"), "cmake.define.CMAKE_PREFIX_PATH": prefix}
    run(python, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", folder, ROOT,
        *(f"--config-settings={k}={v}" for k, v in settings.items()))  # fmt: skip
    (wheel,) = glob.glob(os.path.join(folder, "*.whl"))
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", wheel)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    tests = os.path.join(ROOT, "python", "tests")
    run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *sys.argv[3:], tests, env=environment, cwd=folder)


if __name__ == "__main__":
    main()
