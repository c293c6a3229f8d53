"""Runs the tests of the Python package as a user would have it: a wheel in a virtual environment.

    run.py FOLDER BUILD [PYTEST…]    BUILD: a build of the library, which the wheel's extension links. FOLDER
                                     gets the environment, made once. Returns 77 when pip cannot fetch.
    run.py --newer …                 under a Python from 3.12 up, with ArviZ 1; 77 where there is none

The library is not compiled again, so that this takes seconds where the compiler's cache is warm. What
compiles all of it, as users do, is wheels.py beside this file.
"""

import os
import sys

from building import ROOT, environment, installed, newer_python, run, settings, wheel


def main():
    arguments = sys.argv[1:]
    newer = arguments[0] == "--newer"
    folder, build = map(os.path.abspath, arguments[newer : newer + 2])
    interpreter = newer_python() if newer else sys.executable
    if interpreter is None:
        print("SKIPPED: there is no Python from 3.12 up")
        sys.exit(77)
    python = environment(os.path.join(folder, "venv"), interpreter)
    prefix, extension = (os.path.join(folder, name) for name in ("prefix", "build"))
    installed(build, prefix)
    made = wheel(python, os.path.join(folder, "dist"), *settings(extension, prefix))
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", made)
    # test_package.py looks at how the wheel was made.
    told = {"PONDER_WHEEL": made, "PONDER_PREFIX": prefix, "PONDER_EXTENSION": extension, "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [] if any(a.endswith(".py") for a in arguments) else [os.path.join(ROOT, "python", "tests")]
    run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments[newer + 2 :], *tests, env={**os.environ, **told}, cwd=folder)


if __name__ == "__main__":
    main()
