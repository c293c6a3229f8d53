"""The common part of the experiments: answers of a `ponder` that loads its model once, a file of
answers from which a stopped run goes on, bootstrap intervals, tables."""

import json
import os
import statistics
import subprocess
import sys
import textwrap

RESAMPLES = 4000


def read_jsonl(path):
    """The objects of a file, one a line; none if there is no file. An incomplete last line is left
    out."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n") and line.strip()]


def spread(items, n):
    """`n` of the items at even distances (prompts of a kind lie together); all of them for 0."""
    return [items[i * len(items) // n] for i in range(n)] if 0 < n < len(items) else list(items)


class Runs:
    """Rows in a file, by key(row). Rows that are in the file already are kept; `add` writes at
    once."""

    def __init__(self, path, key):
        self.key = key
        self.rows = {key(row): row for row in read_jsonl(path)}
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path + ".part", "w", encoding="utf-8") as f:  # drops a last line that was cut short
            f.writelines(json.dumps(row) + "\n" for row in self.rows.values())
        os.replace(path + ".part", path)
        self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115  open as long as the run

    def add(self, row):
        self.rows[self.key(row)] = row
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()

    def __contains__(self, key):
        return key in self.rows

    def __getitem__(self, key):
        return self.rows[key]


def chat(prompt):
    return {"messages": prompt["messages"]}


def plain(prompt):
    """The request of a base model, which has no chat template."""
    return {"prompt": f"Question: {prompt['messages'][-1]['content']}\nAnswer:"}


def ask(ponder, words, prompts, may_fail=False, request=chat):
    """(prompt, answer) of `ponder words…` for each prompt, in order, as soon as each is there. An
    answer that is an error ends the experiment unless failures are allowed."""
    command = [ponder, *words, "--input", "-", "--jsonl"]
    if not prompts:
        return
    failed = False
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as p:
        for prompt in prompts:
            p.stdin.write(json.dumps(request(prompt)) + "\n")
            p.stdin.flush()
            line = p.stdout.readline()
            if not line:
                break
            answer = json.loads(line)
            if "error" in answer and not may_fail:
                sys.exit(f"{prompt['id']}, {' '.join(command)}: {answer['error']['message']}")
            failed = failed or "error" in answer
            yield prompt, answer
        p.stdin.close()
    if p.returncode and not (failed and p.returncode in (1, 2)):
        sys.exit(f"{' '.join(command)}: exit code {p.returncode}")


def wrapped(text):
    """Markdown with its paragraphs and list items at 100 columns; tables, headings and commands are left as they are."""
    def fill(line):
        return line if line[:1] in "|#`" else textwrap.fill(line, 100, subsequent_indent="  " * line.startswith("- "), break_on_hyphens=False)
    return "\n".join(map(fill, text.split("\n")))


def write_report(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(wrapped(text))


def interval(values, rng, digits=2):
    """Mean with its 95 % bootstrap interval, as text; "-" for fewer than two values."""
    if len(values) < 2:
        return "-"
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]
    return f"{statistics.fmean(values):.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def table(head, rows):
    """Lines of a Markdown table."""
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(map(str, r)) + " |" for r in rows), ""]


def one_line(text, most=110):
    """Text for a table's cell."""
    text = " ".join(text.split()).replace("|", "\\|")
    return text if len(text) <= most else text[: most - 1] + "…"
