"""Checks the tour of the library, docs/library.md, against its programs, examples/tour*.cc.

Every block of C++ in the document must be a marked section of one of the programs, word for word,
and every section must stand in the document. A section lies between the lines `// [name]` and
`// [/name]` and has fewer than 25 lines. With a folder of built examples, the programs are run too:
they must succeed, and every line of a `text` block must be a line of their output. Numbers with a
decimal point may differ by 0.05 and a tenth, since the precision of a model depends on the machine.

  check_snippets.py [FOLDER]      prints what is wrong, and ends with 1 if anything is
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = "docs/library.md"
PROGRAMS = {"tour": ["tests/data/toy/ponder-toy.gguf"], "tour_density": [], "tour_dna": []}
MOST_LINES = 24
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def sections():
    """The text of every marked section, by program and name."""
    found = {}
    for program in PROGRAMS:
        text = read(f"examples/{program}.cc")
        for name, body in re.findall(r"^ *// \[(\w+)\]\n(.*?)^ *// \[/\1\]$", text, re.M | re.S):
            found[f"{program}.cc [{name}]"] = body
    return found


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", read(DOCUMENT), re.M | re.S)


def wrong_blocks():
    known, shown = sections(), blocks("cpp")
    for block in shown:
        if block not in known.values():
            first = block.splitlines()[0]
            yield f"{DOCUMENT}: no section of a program is the block that begins with: {first}"
    for name, body in known.items():
        if body not in shown:
            yield f"{DOCUMENT}: the section {name} is missing"
        n_lines = body.count("\n")
        if n_lines > MOST_LINES:
            yield f"{name}: {n_lines} lines, more than {MOST_LINES}"


def output_of(folder):
    """The lines that all programs print, in order."""
    lines = []
    for program, arguments in PROGRAMS.items():
        command = [os.path.join(folder, "example_" + program), *arguments]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"{program} failed: {run.stderr}")
        lines += run.stdout.splitlines()
    return lines


def agree(expected, got):
    """Whether two lines have the same words, and numbers that are close."""
    if NUMBER.sub("#", expected) != NUMBER.sub("#", got):
        return False
    pairs = zip(map(float, NUMBER.findall(expected)), map(float, NUMBER.findall(got)))
    return all(abs(a - b) <= 0.05 + 0.1 * abs(a) for a, b in pairs)


def wrong_output(folder):
    printed = output_of(folder)
    for block in blocks("text"):
        for line in block.splitlines():
            if not any(agree(line, other) for other in printed):
                yield f"{DOCUMENT}: no program prints the line: {line}"


def main():
    faults = list(wrong_blocks())
    if len(sys.argv) > 1:
        faults += wrong_output(os.path.abspath(sys.argv[1]))
    print("\n".join(faults) if faults else "the tour is what its programs say")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
