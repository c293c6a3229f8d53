"""Checks that what the repository cites exists: every `docs/FILE.md#anchor` in a source file, and every relative link,
with its anchor, in a Markdown file. It does not look at links that leave the repository.

An anchor is an explicit `<a id="…">` or the slug of a heading. Prints each dead citation and exits 1.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = (".h", ".cc", ".py", ".txt", ".cmake", ".sh")
CITED = re.compile(r"docs/[\w./-]+\.md(?:#[\w-]+)?(?:, #[\w-]+)*")
LINK = re.compile(r"\]\(([^()\s]+)\)")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def slug(heading):
    """The anchor that a Markdown renderer gives a heading."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(path, known={}):
    if path not in known:
        text = read(path)
        known[path] = set(re.findall(r'<a id="([\w-]+)">', text)) | {slug(h) for h in re.findall(r"^#+ (.*)$", text, re.M)}
    return known[path]


def dead(path, target, names):
    """Yields the faults of a citation of the anchors `names` in the file `target`."""
    if not os.path.exists(os.path.join(ROOT, target)):
        yield f"{path}: there is no {target}"
    elif target.endswith(".md"):
        yield from (f"{path}: {target} has no anchor #{n}" for n in names if n not in anchors(target))


def check(path):
    text = read(path)
    if path.endswith(".md"):
        for link in LINK.findall(text):
            if "://" in link or link.startswith("mailto:"):
                continue
            target, _, name = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
            yield from dead(path, target, [name] if name else [])
    elif path.endswith(SOURCES):
        for citation in CITED.findall(text):
            target, *names = re.split(r"(?:, )?#", citation)
            yield from dead(path, target, names)


def main():
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    faults = [f for path in files if path and os.path.exists(os.path.join(ROOT, path)) and path != "tools/check_links.py"
              and path.endswith((*SOURCES, ".md")) for f in check(path)]
    print("\n".join(faults) if faults else "every citation leads somewhere")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
