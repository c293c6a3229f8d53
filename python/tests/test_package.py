"""The wheel and the source distribution: what is in them, what version they have, on which machines they
run. run.py tells how the wheel was made; elsewhere there is nothing to look at."""

import email
import glob
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile

import pytest
from conftest import SUM, TOY, program

import ponder

if "PONDER_WHEEL" not in os.environ:
    pytest.skip("no wheel under test", allow_module_level=True)

from building import ROOT, settings  # noqa: E402
from instructions import faults  # noqa: E402

WHEEL, PREFIX, EXTENSION = (os.environ[f"PONDER_{name}"] for name in ("WHEEL", "PREFIX", "EXTENSION"))
# Every Linux of x86-64 that glibc's manylinux promises has these; all others a wheel must carry.
EVERYWHERE = re.compile(r"(ld-linux-x86-64|lib(c|m|pthread|dl|rt|util|gcc_s|stdc\+\+|z))\.so")


def test_one_version():
    """Of the package, its wheel, the program, and what find_package() reads; all come from one header."""
    with open(os.path.join(ROOT, "include", "ponder", "core", "version.h"), encoding="utf-8") as f:
        stated = re.search(r'kVersion = "(.*)"', f.read())[1]
    with open(os.path.join(PREFIX, "lib", "cmake", "ponder", "ponderConfigVersion.cmake"), encoding="utf-8") as f:
        cmake = re.search(r'PACKAGE_VERSION "(.*)"', f.read())[1]
    assert ponder.__version__ == importlib.metadata.version("ponder") == cmake == stated
    assert program("--version", model=None) == f"ponder {stated}\n"
    assert os.path.basename(WHEEL).startswith(f"ponder-{stated}-")


def test_what_a_wheel_holds():
    with zipfile.ZipFile(WHEEL) as z:
        names, size = set(z.namelist()), sum(i.file_size for i in z.infolist())
        (info,) = {n.split("/")[0] for n in names if ".dist-info/" in n}
        metadata = email.message_from_bytes(z.read(f"{info}/METADATA"))
    (extension,) = [n for n in names if n.endswith(".so")]
    stable = sys.version_info >= (3, 12)
    assert extension == ("ponder/_core.abi3.so" if stable else "ponder/_core.cpython-311-x86_64-linux-gnu.so")
    assert ("cp312-abi3" if stable else "cp311-cp311") in WHEEL
    sources = {"ponder/" + os.path.basename(p) for p in glob.glob(os.path.join(ROOT, "python", "ponder", "*.py"))}
    assert names - {n for n in names if n.startswith(info)} == sources | {extension, "ponder/_core.pyi", "ponder/py.typed"}
    assert f"{info}/licenses/LICENSE" in names and size < 20 * 2**20
    assert metadata["Requires-Python"] == ">=3.11" and set(metadata.get_all("Provides-Extra")) == {"xarray", "arviz", "notebooks"}


PACKAGES = os.path.dirname(os.path.dirname(importlib.util.find_spec("numpy").origin))  # of the tests' environment


def fresh_environment(folder):
    """A virtual environment that has nothing of its own, and finds NumPy where the tests have it."""
    venv.create(folder)
    (packages,) = glob.glob(os.path.join(folder, "lib", "*", "site-packages"))
    with open(os.path.join(packages, "numpy.pth"), "w", encoding="utf-8") as f:
        f.write(PACKAGES)
    return os.path.join(folder, "bin", "python")


def install(python, *what):
    r = subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index",
                        "--no-build-isolation", "--force-reinstall", *what], capture_output=True, text=True)  # fmt: skip
    assert r.returncode == 0, r.stdout + r.stderr


# Prints where the package is, a reply, and the libraries that the package has brought into the process.
REPLY = """
import json, re, sys, numpy
def mapped():
    with open("/proc/self/maps", encoding="utf-8") as f:
        return set(re.findall(r"/\\S+\\.so[.\\w]*$", f.read(), re.M))
before = mapped()
import ponder
with ponder.Model(sys.argv[1]) as m:
    reply = m.generate(sys.argv[2]).reply
print(json.dumps([ponder.__file__, reply, sorted(mapped() - before)]))
"""


def asked(python):
    r = subprocess.run([python, "-c", REPLY, TOY, SUM], capture_output=True, text=True, cwd="/")
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout)


@pytest.mark.parametrize("what", [[WHEEL], [ROOT, *settings(EXTENSION, PREFIX)]], ids=["wheel", "folder"])
def test_pip_install(tmp_path, what):
    """Of a wheel, and `pip install .` with what is compiled already; wheels.py beside this file compiles."""
    python = fresh_environment(tmp_path)
    install(python, *what)
    file, reply, _ = asked(python)
    assert file.startswith(str(tmp_path)) and reply == "The sum of 14 and 8 is 22."


def test_a_repaired_wheel_carries_its_libraries(tmp_path):
    tools = os.path.dirname(sys.executable)
    r = subprocess.run([sys.executable, "-m", "auditwheel", "repair", "-w", tmp_path, WHEEL], capture_output=True, text=True,
                       env={**os.environ, "PATH": tools + os.pathsep + os.environ["PATH"]})  # fmt: skip
    assert r.returncode == 0, r.stderr
    (repaired,) = glob.glob(str(tmp_path / "*.whl"))
    assert "manylinux" in repaired
    python = fresh_environment(tmp_path / "venv")
    install(python, repaired)
    file, reply, mapped = asked(python)
    assert file.startswith(str(tmp_path)) and reply == "The sum of 14 and 8 is 22."
    carried = [m for m in mapped if "/ponder.libs/" in m]
    assert any("tbb" in m for m in carried) and any("hwy" in m for m in carried)
    others = [m for m in mapped if not m.startswith((str(tmp_path), sys.base_prefix))]  # Python's own modules
    assert not [m for m in others if not EVERYWHERE.match(os.path.basename(m))]


def test_instructions_are_dispatched():
    """One wheel for every x86-64: what is faster than its baseline is chosen when it runs."""
    (extension,) = glob.glob(os.path.join(EXTENSION, "_core*.so"))
    assert faults(extension, os.path.join(PREFIX, "lib", "libponder.a")) == []


@pytest.mark.skipif(shutil.which("qemu-x86_64") is None, reason="no qemu-x86_64 (Debian: qemu-user)")
@pytest.mark.parametrize(("cpu", "isa"), [("Haswell", "AVX2"), ("Nehalem", "SCALAR")])
def test_processors_that_this_machine_is_not(cpu, isa):
    """An instruction that the emulated processor lacks would end the process."""
    ask = f"import ponder; m = ponder.Model({TOY!r}, precision='f32'); print(m.info()['isa'], m.generate({SUM!r}).reply)"
    r = subprocess.run(["qemu-x86_64", "-cpu", cpu, sys.executable, "-c", ask], capture_output=True, text=True)
    assert r.stdout == f"{isa} The sum of 14 and 8 is 22.\n", r.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The source distribution, as it unpacks."""
    folder = tmp_path_factory.mktemp("sdist")
    make = "import sys, scikit_build_core.build as b; print(b.build_sdist(sys.argv[1]))"
    r = subprocess.run([sys.executable, "-c", make, folder], capture_output=True, text=True, cwd=ROOT)
    assert r.returncode == 0, r.stderr
    (made,) = glob.glob(str(folder / "*.tar.gz"))
    with tarfile.open(made) as t:
        t.extractall(folder)
    return made, made.removesuffix(".tar.gz")


def files_of(folder):
    return {os.path.relpath(os.path.join(d, f), folder) for d, _, names in os.walk(folder) for f in names}


def test_what_the_sources_hold(sources):
    made, folder = sources
    names = files_of(folder)
    assert {n.split("/")[0] for n in names} == {"CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "LICENSE", "PKG-INFO", "README.md",
                                                "cmake", "include", "pyproject.toml", "python", "src"}  # fmt: skip
    assert {n.split("/")[1] for n in names if n.startswith("python/")} == {"CMakeLists.txt", "core", "ponder"}
    assert max(os.path.getsize(os.path.join(folder, n)) for n in names) < 100_000 and os.path.getsize(made) < 1_000_000
    tracked = set(subprocess.run(["git", "ls-files", "src", "include", "python/core", "python/ponder"], cwd=ROOT, capture_output=True, text=True).stdout.split())
    assert tracked <= names


def test_the_sources_are_whole(sources, tmp_path):
    """CMake finds every source that the wheel is made of, and every header of ours that they include; and no
    flag ties the wheel to this machine. wheels.py compiles them."""
    _, folder = sources
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as f:
        options = tomllib.load(f)["tool"]["scikit-build"]["cmake"]["define"]
    defined = [f"-D{k}={v}" for k, v in options.items()]
    r = subprocess.run(["cmake", "-S", folder, "-B", tmp_path, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DPython_EXECUTABLE={sys.executable}",
                        *defined], capture_output=True, text=True)  # fmt: skip
    assert r.returncode == 0, r.stderr
    commands = json.loads((tmp_path / "compile_commands.json").read_text())
    assert any(c["file"].endswith("core/module.cc") for c in commands)
    for c in commands:
        tied = re.findall(r"-m(?:arch|tune|avx|amx|sse|fma)\S*", c["command"])
        assert not tied or re.search(r"/src/ops/\w+_(avx512bf16|amx)\.cc$", c["file"]), c
    missing = set()
    for name in files_of(folder):
        if name.endswith((".cc", ".h")):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                for header in re.findall(r'^#include "([^"]+)"', f.read(), re.M):
                    near = [os.path.join(folder, d, header) for d in ("src", "include", os.path.dirname(name))]
                    if not any(map(os.path.exists, near)):
                        missing.add((name, header))
    assert not missing
