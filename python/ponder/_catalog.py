"""Where models lie on this machine. The library does not look at the environment, so that this file does,
as the program's apps/ponder/model_folders.cc does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from . import _core
from ._errors import NotFoundError

DEFAULT_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def _named(variable: str) -> str:
    return os.environ.get(variable, "")


def _home(below: str) -> str:
    return os.path.join(_named("HOME") or ".", below)


def cache_folder() -> str:
    return os.path.join(_named("XDG_CACHE_HOME") or _home(".cache"), "ponder")


def data_folder() -> str:
    return os.path.join(_named("XDG_DATA_HOME") or _home(".local/share"), "ponder")


def folders() -> list[tuple[str, str]]:
    """Stores and their folders, in the order in which they are looked through."""
    cache = _named("XDG_CACHE_HOME") or _home(".cache")
    hub = _named("HF_HUB_CACHE") or _named("HUGGINGFACE_HUB_CACHE") or os.path.join(_named("HF_HOME") or f"{cache}/huggingface", "hub")
    found = [("ponder", cache_folder()), ("hub", hub), ("llama.cpp", _named("LLAMA_CACHE") or f"{cache}/llama.cpp"),
             ("LM Studio", _home(".lmstudio/models")), ("LM Studio", _home(".cache/lm-studio/models")),
             ("Ollama", _named("OLLAMA_MODELS") or _home(".ollama/models"))]  # fmt: skip
    if not _named("OLLAMA_MODELS"):
        found.append(("Ollama", "/usr/share/ollama/.ollama/models"))
    return found


def models() -> dict[str, Any]:
    """The models on this machine, by the names that Model takes: what `ponder models --json` prints."""
    listed: dict[str, Any] = json.loads(_core.list_models(folders()))
    return listed


def path_of(name: str | os.PathLike[str] | None) -> str:
    """The file that is meant: a path, a name of models(), or, for None, what ./quickstart fetched."""
    if name is None:
        default = os.path.join(cache_folder(), DEFAULT_FILE)
        if os.path.exists(default):
            return default
        raise NotFoundError("a model", "none, and no default model", default, "give a GGUF file or a name of ponder.models(), or run ./quickstart")
    given = os.fspath(name)
    if os.path.exists(given):
        return given
    try:
        return _core.choose_model(folders(), given)
    except NotFoundError:
        if given.startswith(("/", ".")) or given.endswith(".gguf"):
            return given  # whoever opens it says that it is not there
        raise


def calibrations() -> Path | None:
    """Where `ponder calibrate` keeps what it has learnt, one file a model, named by its SHA-256."""
    folder = Path(data_folder(), "calibrations")
    return folder if folder.is_dir() else None


def read_text(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFoundError("a file", "none", os.fspath(path)) from None
