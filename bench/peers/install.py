"""The peers' virtual environments and checkpoints, made once, kept outside the repository, and made
again when a version in requirements-*.txt or a compile option changes. Packages come from PyPI,
llama.cpp is compiled here."""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# What llama.cpp is compiled for: this machine, or what machines with AVX2 have in common.
# Without the reader of images, which is not used.
LLAMA_CMAKE = {
    "native": "-DLLAVA_BUILD=OFF -DGGML_NATIVE=ON",
    "avx2": "-DLLAVA_BUILD=OFF -DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON"
    " -DGGML_F16C=ON -DGGML_BMI2=ON -DGGML_AVX512=OFF",
}


def _environment(folder: pathlib.Path, requirements: str, cmake: str = "") -> str:
    """Makes the environment unless it exists in the wanted form; returns its python."""
    python = folder / "bin" / "python"
    wanted = (HERE / requirements).read_text(encoding="utf-8") + cmake
    made = folder / "made-from.txt"
    if made.exists() and made.read_text(encoding="utf-8") == wanted:
        return str(python)
    print(f"making {folder} (log beside it) …", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    # pip would take a wheel that it built before, with other options, from its cache.
    options = ["--no-cache-dir", "--no-binary", "llama-cpp-python"] if cmake else []
    # -j2 and nice: a long build should leave room for other work.
    env = os.environ | {"CMAKE_ARGS": cmake, "CMAKE_BUILD_PARALLEL_LEVEL": "2"}
    pip = ["nice", python, "-m", "pip", "install", *options, "-r", HERE / requirements]
    log = folder.with_suffix(".log")
    with open(log, "w", encoding="utf-8") as out:
        if subprocess.run(pip, env=env, stdout=out, stderr=out, check=False).returncode:
            sys.exit(f"error: pip could not install {requirements}: see {log}")
    made.write_text(wanted, encoding="utf-8")
    return str(python)


def llama(cache: pathlib.Path, isa: str) -> str:
    """The python that has llama-cpp-python compiled for `isa`."""
    return _environment(cache / f"llama-{isa}", "requirements-llama.txt", LLAMA_CMAKE[isa])


def hugging_face(cache: pathlib.Path) -> str:
    """The python that has torch and transformers."""
    return _environment(cache / "hf", "requirements-hf.txt")


def checkpoint(cache: pathlib.Path, python: str, gguf: pathlib.Path) -> pathlib.Path:
    """The folder with f32/ and bf16/ of a GGUF file."""
    folder = cache / "checkpoints" / f"{gguf.stem}-{gguf.stat().st_size}"
    if not folder.exists():
        print(f"dequantising {gguf.name} for transformers …", file=sys.stderr)
        partial = folder.with_suffix(".partial")
        subprocess.run([python, HERE / "convert.py", gguf, partial], check=True)
        partial.rename(folder)
    return folder
