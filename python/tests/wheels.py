"""From the sources to wheels that carry their libraries, and whether these run: all that compiles the library
again, which takes minutes, by hand or at night.

    wheels.py FOLDER       FOLDER gets the source distribution, the wheels and their environments

The source distribution is built without a network, from Debian's packages and the build tools that FOLDER's
environment has.
"""

import glob
import os
import shutil
import sys

from building import ROOT, environment, run, wheel
from instructions import faults

TOY = os.path.join(ROOT, "tests", "data", "toy", "ponder-toy.gguf")
ASK = f"""
import ponder
m = ponder.Model({TOY!r}, precision="f32")
print(ponder.__file__, m.info()["isa"], m.generate("What is the sum of 14 and 8?").reply)
"""


def fresh(folder, made):
    """An environment as a user makes one: pip fetches what the wheel depends on."""
    run(sys.executable, "-m", "venv", "--clear", folder)
    python = os.path.join(folder, "bin", "python")
    run(python, "-m", "pip", "install", "-q", made)
    return python


def main():
    folder = os.path.abspath(sys.argv[1])
    dist, repaired = (os.path.join(folder, name) for name in ("dist", "repaired"))
    for old in (dist, repaired):
        shutil.rmtree(old, ignore_errors=True)
    python = environment(os.path.join(folder, "venv"))
    run(python, "-c", "import sys, scikit_build_core.build as b; b.build_sdist(sys.argv[1])", dist, cwd=ROOT)
    (sources,) = glob.glob(os.path.join(dist, "*.tar.gz"))
    build = os.path.join(folder, "build")
    made = wheel(python, dist, f"--config-settings=build-dir={build}", source=sources)
    (extension,) = glob.glob(os.path.join(build, "python", "_core*.so"))
    wrong = faults(extension, os.path.join(build, "libponder.a"))
    assert not wrong, wrong
    run(fresh(os.path.join(folder, "plain"), made), "-c", ASK, cwd=folder)

    tools = {**os.environ, "PATH": os.path.dirname(python) + os.pathsep + os.environ["PATH"]}
    run(python, "-m", "auditwheel", "repair", "-w", repaired, made, env=tools)
    (made,) = glob.glob(os.path.join(repaired, "*.whl"))
    python = fresh(os.path.join(folder, "carried"), made)
    run(python, "-c", ASK, cwd=folder)
    print(f"{made}: {os.path.getsize(made) / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
