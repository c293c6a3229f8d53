"""Reads every matrix of JASPAR's CORE collection: jaspar_checks.py, in a Python that has the
collection.

    jaspar_test.py PRINT_LOG_ODDS FOLDER    FOLDER gets a virtual environment, made once.

Returns 77 when pip cannot fetch the packages.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from fetched_python import python_with  # noqa: E402

REQUIREMENTS = ["pyjaspar==4.0.0", "biopython==1.88"]  # numpy comes with Biopython


def main():
    print_log_odds, folder = sys.argv[1:]
    python = python_with(REQUIREMENTS, folder)
    checks = os.path.join(HERE, "jaspar_checks.py")
    sys.exit(subprocess.run([python, checks, print_log_odds]).returncode)


if __name__ == "__main__":
    main()
