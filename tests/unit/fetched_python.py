"""A Python with packages that pip fetches once into a folder. Only for tests that need packages."""

import os
import subprocess
import sys

SKIPPED = 77  # SKIP_RETURN_CODE of the tests that fetch packages


def python_with(requirements, folder, interpreter=sys.executable):
    """The interpreter of the virtual environment in `folder`, made if it does not exist; ends the
    test as skipped when pip cannot fetch the packages."""
    python, made = os.path.join(folder, "bin", "python"), os.path.join(folder, "made-from.txt")
    wanted = " ".join(requirements)
    if os.path.exists(made) and open(made, encoding="utf-8").read() == wanted:
        return python
    venv = [interpreter, "-m", "venv", "--clear", folder]
    install = [python, "-m", "pip", "install", "-q", "--retries", "2", *requirements]
    for command in (venv, install):
        r = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if r.returncode:
            print(f"SKIPPED: {wanted} could not be installed (offline?): {r.stdout.strip()[-300:]}")
            sys.exit(SKIPPED)
    with open(made, "w", encoding="utf-8") as f:
        f.write(wanted)
    return python
