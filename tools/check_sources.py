"""Checks the sources of the repository: that no type name is defined twice in namespace ponder,
over public and private headers, that every path named in a comment or document exists, and that
README's map has every folder. Not a parser of C++: it reads lines and relies on the layout of
clang-format.

  check_sources.py [ROOT]      prints what is wrong, and ends with 1 if anything is
"""

import collections
import pathlib
import re
import sys

HEADERS = ("include/ponder/**/*.h", "src/**/*.h")
FOLDERS = "src|include|docs|tools|tests|apps|bench|examples|cmake|data|python"
# A path that continues with a quantifier, a placeholder or a wildcard names many files, so it is
# not looked up.
PATH = re.compile(rf"(?<![\w./<{{$-])(?:{FOLDERS})/[\w.+/-]*[\w/](?![\w*<{{$])")
TEXT = {".md", ".cc", ".h", ".py", ".sh", ".txt", ".cmake", ".gp", ""}


def types_twice(root):
    """Type names that two headers define at the level of namespace ponder. Types in a nested
    namespace or in a class may have the same name."""
    where = collections.defaultdict(set)
    for pattern in HEADERS:
        for header in root.glob(pattern):
            stack = []  # names of the open namespaces; clang-format leaves their contents at column 0
            for line in header.read_text().splitlines():
                if m := re.match(r"namespace\s*([\w:]*)\s*\{", line):
                    stack.append(m[1])
                elif re.match(r"\}\s*//\s*namespace", line):
                    stack.pop()
                elif stack == ["ponder"] and (m := re.match(r"(?:class|struct|union|enum class|enum)\s+(\w+)[^;]*(\{|$)", line)):
                    where[m[1]].add(str(header.relative_to(root)))
                elif stack == ["ponder"] and (m := re.match(r"using\s+(\w+)\s*=", line)):
                    where[m[1]].add(str(header.relative_to(root)))
    return [f"ponder::{name} is defined in {' and in '.join(sorted(files))}" for name, files in sorted(where.items()) if len(files) > 1]


def comment_of(path, line):
    """The part of a line in which a path is a claim about the repository: all of a document, the comments of code."""
    if path.suffix in {".cc", ".h"}:
        return line.partition("//")[2]
    if path.suffix in {".py", ".sh", ".cmake", ".gp", ""}:
        return line.partition("#")[2]
    return line


def dead_paths(root, files):
    """Paths in comments and documents that do not exist."""
    known = set(files)
    for f in files:
        known.update(str(p) for p in pathlib.PurePath(f).parents)
    wrong = []
    for name in files:
        path = root / name
        if path.suffix not in TEXT or not path.is_file() or name.startswith("tests/data/"):
            continue
        for n, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            for m in PATH.finditer(comment_of(path, line)):
                said = m[0].rstrip("/.")
                # A stem stands for its header and its source. A name may be that of a folder beside
                # the file.
                here = (said, said + ".h", said + ".cc", str(pathlib.PurePath(name).parent / said))
                if "NAME" not in said and not known.intersection(here):
                    wrong.append(f"{name}:{n}: {said} is not there")
    return wrong


def missing_in_map(root):
    """Folders of src and apps, and at the top, that README's map does not name."""
    places = re.findall(r"(?m)^## Map\n```\n(.*?)^```", (root / "README.md").read_text(), re.S | re.M)
    named = set(re.findall(r"[\w.]+(?:/[\w.]+)*(?=/)", " ".join(line.split("  ")[0] + " " + line for line in "".join(places).splitlines())))
    there = [f for f in FOLDERS.split("|") if f != "src"] + [f"{top}/{p.name}" for top in ("src", "apps") for p in (root / top).iterdir() if p.is_dir()]
    return [f"README.md: the map does not name {f}/" for f in sorted(there) if not any(n == f or n.startswith(f + "/") for n in named)]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    inside = [p for folder in FOLDERS.split("|") for p in (root / folder).rglob("*")]
    files = sorted(str(p.relative_to(root)) for p in [*root.iterdir(), *inside] if p.is_file())
    wrong = types_twice(root) + dead_paths(root, files) + missing_in_map(root)
    print("\n".join(wrong) or f"{len(files)} files: every type of namespace ponder has one definition, every path named is there")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
