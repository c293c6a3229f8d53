"""Runs tests of the Python package under AddressSanitizer and UndefinedBehaviorSanitizer, and asks for leaks
while Python is still alive: what only Python's end would free is then reachable, and counts as no leak, so
that no leak of Python's own has to be suppressed. A session that nobody owns is reachable, too, from the
thread of its model: test_memory.py finds those.

    leaks.py FOLDER BUILD [PYTEST…]      BUILD: a build of the library with PONDER_SANITIZE=address,undefined.
                                         FOLDER gets a sanitised extension and the environment of the tests.
"""

import glob
import os
import shutil
import subprocess
import sys

from building import ROOT, environment, installed, run

SANITIZE = "-O1 -g1 -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all"
# Every kind of call, error and stream is in these. Left out is what starts other processes, counts memory, or
# interrupts a call at a moment that comes later here.
TESTS = ["test_density.py", "test_errors.py", "test_memory.py", "test_own_oracles.py", "test_own_terms.py", "test_recipes.py",
         "test_results.py", "test_running.py"]  # fmt: skip
LEFT_OUT = "not interpreter and not torch and not interrupt and not mypy and not notebook and not thousand"

CHECK = """
import ctypes, gc, os, sys, pytest
code = pytest.main(sys.argv[1:])
gc.collect()
sys.stdout.flush()
os._exit(code or ctypes.CDLL(None).__lsan_do_recoverable_leak_check())
"""


def extension(python, folder, prefix):
    """The package in a folder of its own, with a sanitised extension."""
    build, package = os.path.join(folder, "build"), os.path.join(folder, "package")
    run("cmake", "-S", os.path.join(ROOT, "python"), "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_CXX_FLAGS={SANITIZE}",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DPython_EXECUTABLE={python}", stdout=subprocess.DEVNULL)  # fmt: skip
    run("cmake", "--build", build, "--target", "ponder_python", stdout=subprocess.DEVNULL)
    shutil.copytree(os.path.join(ROOT, "python", "ponder"), os.path.join(package, "ponder"), dirs_exist_ok=True)
    (made,) = glob.glob(os.path.join(build, "_core*.so"))
    shutil.copy(made, os.path.join(package, "ponder"))
    return package


def library(name):
    return subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()


def main():
    folder, build = map(os.path.abspath, sys.argv[1:3])
    python = environment(os.path.join(folder, "venv"))
    prefix = os.path.join(folder, "prefix")
    installed(build, prefix)
    package = extension(python, folder, prefix)
    here = os.path.dirname(os.path.abspath(__file__))
    # Python's own arenas hide pointers from the check; libstdc++ must be there before the first exception.
    under = {"LD_PRELOAD": f"{library('libasan.so')}:{library('libstdc++.so')}", "PYTHONMALLOC": "malloc", "PYTHONPATH": package,
             "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1",
             "PYTHONDONTWRITEBYTECODE": "1", "PONDER_SOURCE_DIR": ROOT}  # fmt: skip
    tests = sys.argv[3:] or [*(os.path.join(here, t) for t in TESTS), "-k", LEFT_OUT]
    run(python, "-c", CHECK, "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", *tests, env={**os.environ, **under}, cwd=folder)


if __name__ == "__main__":
    main()
