"""The parties: ponder, and each peer as a child process. All have the same interface: a start with
its load time, the seconds of a piece of work, log-probabilities of replies. Their work is done in
serve.py and the peers, and in src/session/bench_work.cc."""

import json
import pathlib
import subprocess
from typing import IO

import install
from work import WORKS, Work

HERE = pathlib.Path(__file__).resolve().parent
PONDER, LLAMA, HF_BF16, HF_F32 = "ponder", "llama.cpp", "HF bf16", "HF f32"
INFERENCE = [w.name for w in WORKS if not w.gradient]
GRADIENTS = [w.name for w in WORKS if w.gradient]


class PartyError(Exception):
    """A party that failed; the text says where to look."""


class Ponder:
    """`ponder bench`, a new process for every piece of work: it loads in a second."""

    works = INFERENCE + GRADIENTS

    def __init__(self, program: str, model: pathlib.Path, threads: int, isa: str, weights: str):
        self.program = program
        self.common = ["-m", str(model), "--threads", str(threads), "--weights", weights]
        if isa != "native":
            self.common += ["--isa", isa]
        self.about = {"version": self._run(["--version"]).strip()}

    def bench(self, names: list[str]) -> dict:
        """The JSON of one counted run of each."""
        only = ["--repeats", "1", "--only", ",".join(names), "--json"]
        return json.loads(self._run(["bench", *self.common, *only]))

    def start(self) -> dict[str, float]:
        """Load time, and peak resident memory after all inference work."""
        j = self.bench(INFERENCE)
        weights = f"{j['weights']} weights"
        self.about["setting"] = f"{j['precision']}, {weights}, {j['isa']}, {j['threads']} threads"
        return {"load_s": j["load_s"], "peak_mb": j["rss_mb"]}

    def stop(self) -> None:
        pass

    def seconds(self, work: Work) -> float:
        return work.n_tokens / self.bench([work.name])[work.name]["median"]

    def score(self, requests: list[dict], precision: str = "auto") -> list[dict]:
        """prompt_ids, reply_ids and logprobs of each."""
        lines = "".join(json.dumps(r) + "\n" for r in requests)
        how = ["--input", "-", "--jsonl", "--precision", precision]
        out = self._run(["score", *self.common, *how], lines)
        return [json.loads(line) for line in out.splitlines()]

    def _run(self, arguments: list[str], text: str = "") -> str:
        command = [self.program, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PartyError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout


class Peer:
    """A child process that loads once and then waits for requests (serve.py)."""

    def __init__(self, command: list[object], log: pathlib.Path, works: list[str]):
        self.command, self.log, self.works = command, log, works
        self.about: dict[str, str] = {}
        self.process: subprocess.Popen[str] | None = None
        self.stderr: IO[str] | None = None

    def start(self) -> dict[str, float]:
        """Load time of the model; memory after the import of libraries, and at its peak
        after all inference work."""
        self.stderr = self.log.open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            list(map(str, self.command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
            bufsize=1,
        )
        hello = self._answer()
        self.about = {k: hello[k] for k in ("version", "setting")}
        measured = {k: hello[k] for k in ("load_s", "import_mb")}
        for name in INFERENCE:
            if name in self.works:
                measured["peak_mb"] = self._ask({"work": name})["peak_mb"]
        return measured

    def stop(self) -> None:
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.stderr.close()
            self.process = None

    def seconds(self, work: Work) -> float:
        return self._ask({"work": work.name})["seconds"]

    def score(self, requests: list[dict]) -> list[dict]:
        return [self._ask(r) for r in requests]

    def _ask(self, request: dict) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        return self._answer()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise PartyError(f"a peer ended early: see {self.log}")
        return json.loads(line)


def peers(cache: pathlib.Path, model: pathlib.Path, threads: int, isa: str) -> dict[str, Peer]:
    """Installs what is missing. Only llama.cpp is compiled for a smaller instruction set: torch
    cannot be built for it here."""
    python = install.llama(cache, isa)
    command = [python, HERE / "peer_llama.py", model, threads]
    found = {LLAMA: Peer(command, cache / "llama.log", INFERENCE)}
    if isa == "native":
        python = install.hugging_face(cache)
        folder = install.checkpoint(cache, python, model)
        command = [python, HERE / "peer_hf.py", folder]
        found[HF_BF16] = Peer([*command, "bf16", threads], cache / "hf-bf16.log", Ponder.works)
        found[HF_F32] = Peer([*command, "f32", threads], cache / "hf-f32.log", GRADIENTS)
    return found
