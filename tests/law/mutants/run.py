"""Mutants of the shipped kernels: each patch here changes one thing in one shipped file, and the law tests must fail.

Builds the changed file alone, links it in front of the libraries of the law tests, runs the tests that the patch
names, and prints a table: mutant, the largest |piP-pi| (or |z| of an estimate) seen, killed or not. docs/methods.md#mutants.
  run.py BUILD_DIR SOURCE_DIR [NAME …]
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

LAW_TESTS = "tests/law/test_law"  # used unless a patch names another program as "Program: PATH"


def compile_command(build: pathlib.Path, source: pathlib.Path) -> str:
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]) == source:
            return entry["command"]
    raise SystemExit(f"expected {source} in compile_commands.json")


def link_command(build: pathlib.Path, target: str) -> str:
    commands = subprocess.run(["ninja", "-t", "commands", target], cwd=build, capture_output=True, text=True, check=True)
    for line in reversed(commands.stdout.splitlines()):
        if f"-o {target} " in line:
            return next(part for part in line.split(" && ") if f"-o {target} " in part)
    raise SystemExit(f"expected a link of {target}; configure with Ninja")


def run_tests(program: pathlib.Path, tests: str) -> tuple[bool, str]:
    """Returns whether tests failed, by their own output, and the largest figures that they printed."""
    done = subprocess.run([program, f"--gtest_filter={tests}", "--gtest_fail_fast"], capture_output=True, text=True, timeout=300)
    shown = ""
    for pattern in (r"\|piP-pi\| (\S+)", r"z = (\S+)"):
        figures = [abs(float(f)) for f in re.findall(pattern, done.stdout)]
        shown += f"{max(figures):12.1e}" if figures else " " * 12
    return done.returncode == 1 and "[  FAILED  ]" in done.stdout, shown


def program_of(patch: str) -> str:
    named = re.search(r"^Program: (\S+)", patch, re.M)
    return named.group(1) if named else LAW_TESTS


def try_mutant(build: pathlib.Path, source: pathlib.Path, patch: pathlib.Path) -> tuple[str, bool, str]:
    text = patch.read_text()
    file = re.search(r"^--- a/(\S+)", text, re.M).group(1)
    tests = re.search(r"^Tests: (\S+)", text, re.M).group(1)
    link = link_command(build, program_of(text))
    with tempfile.TemporaryDirectory() as folder:
        changed, obj, program = (pathlib.Path(folder) / n for n in (pathlib.Path(file).name, "mutant.o", "test_law"))
        changed.write_bytes((source / file).read_bytes())
        subprocess.run(["patch", "--quiet", "--fuzz=0", changed, patch], check=True)
        command = shlex.split(compile_command(build, source / file))
        at = next(i for i, word in enumerate(command) if word.endswith("c++") or word.endswith("g++"))
        command = command[at:]  # drops the compiler cache, which comes before the compiler
        command[command.index("-o") + 1] = str(obj)
        command[command.index("-c") + 1] = str(changed)
        command.append("-w")  # a mutant may leave a variable unused
        subprocess.run(command, cwd=build, check=True)
        words = shlex.split(link)
        words[words.index("-o") + 1] = str(program)
        words.insert(words.index("-o"), str(obj))
        subprocess.run(words, cwd=build, check=True)
        killed, figure = run_tests(program, tests)
    return tests, killed, figure


def main() -> int:
    build, source = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
    patches = sorted(pathlib.Path(__file__).parent.glob("*.patch"))
    if sys.argv[3:]:
        patches = [p for p in patches if p.stem in sys.argv[3:]]
    alive = []
    print(f"{'mutant':28} {'tests':24} {'|piP-pi|':>12} {'|z|':>11}")
    for program in sorted({program_of(p.read_text()) for p in patches}):
        failed, figure = run_tests(build / program, "*")
        print(f"{'none: as shipped':28} {pathlib.Path(program).name:24} {figure}  {'FAILS' if failed else 'passes'}", flush=True)
        alive += ["shipped"] if failed else []
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for patch, result in zip(patches, pool.map(lambda p: try_mutant(build, source, p), patches)):
            tests, killed, figure = result
            print(f"{patch.stem:28} {tests:24} {figure}  {'killed' if killed else 'ALIVE'}", flush=True)
            alive += [] if killed else [patch.stem]
    print(f"{len(patches) - len([a for a in alive if a != 'shipped'])} of {len(patches)} mutants killed")
    return 1 if alive or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
