"""Which functions of a program or library hold instructions that not every x86-64 has. Those are only
allowed behind a dispatch by the CPU that runs it: in Highway's namespaces (hwy::N_AVX2 and its kin), and in
the sources that are compiled for one instruction set (CMakeLists.txt of src/ops).

    instructions.py FILE ARCHIVE     FILE: an unstripped extension; ARCHIVE: the libponder.a that it links
"""

import re
import subprocess
import sys

# VEX and EVEX, AMX, BMI, masks, and SSE from 3 up. tzcnt is left out: it is what compilers write for bsf,
# and older CPUs read it as that.
BEYOND = re.compile(r"\t(v(?!er[rw])\w+|tile\w+|tdp\w+|(?:ld|st)tilecfg|k(?:mov|or|and|xor|xnor|not|shift|unpck|add|test)\w*"
                    r"|andn|bextr|bls\w+|bzhi|(?:sar|shl|shr|ror|mul)x|p(?:dep|ext)|lzcnt|popcnt|crc32\w*|movbe|lddqu|mov(?:sl|sh|d)dup|h(?:add|sub)p[sd]|addsubp[sd]"
                    r"|p(?:shufb|alignr|abs\w|hadd\w+|hsub\w+|sign\w|maddubsw|mulhrsw|blend\w+|mov[sz]x\w+|minu[dw]|mins[bd]|maxu[dw]|maxs[bd]|mulld|muldq|test|cmpeqq|cmpgtq|ackusdw"
                    r"|extr[bdq]|insr[bdq])|blendv?p[sd]|round[sp][sd]|dpp[sd]|insertps|extractps)\b")  # fmt: skip
DISPATCHED = re.compile(r"\bN_(AVX|SSE)")
ONE_SET = re.compile(r"_(avx512\w*|amx)\.cc\.o:$")


def lines(*command):
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as p:
        yield from p.stdout


def functions(archive):
    """Functions of the sources that are compiled for one instruction set, and those of all others."""
    special, plain, into = set(), set(), None
    for line in lines("nm", "--defined-only", archive):
        if line.endswith(":\n"):
            into = special if ONE_SET.search(line.strip()) else plain
        elif (parts := line.split())[1:2] and parts[1] in "tTwWuV":
            into.add(parts[2])
    return special, plain


def beyond(file):
    """{function: its first instruction that not every x86-64 has}, by the linker's names."""
    found, at = {}, None
    for line in lines("objdump", "-d", "--no-show-raw-insn", file):
        if line.endswith(">:\n"):
            at = line[line.index("<") + 1 : -3]
        elif at not in found and (m := BEYOND.search(line)):
            found[at] = m[1]
    return found


def readable(names):
    said = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return dict(zip(names, said.splitlines()))


def faults(file, archive):
    """The functions of `file` that would be an illegal instruction on some x86-64, and those that a linker
    might take from a source of one instruction set for all (inline functions of headers)."""
    special, plain = functions(archive)
    if not special:
        return [f"{archive} has no source of one instruction set: was it renamed?"]
    found = beyond(file)
    names = readable([*found, *(special & plain)])
    dispatched = sum(bool(DISPATCHED.search(names[f])) for f in found)
    if not dispatched:
        return [f"{file} has no dispatched function: is it stripped?"]
    own = {f.split(".")[0] for f in special}
    wrong = [f"{i} in {names[f]}" for f, i in found.items() if not DISPATCHED.search(names[f]) and f.split(".")[0] not in own]
    return wrong + [f"both for one instruction set and for all: {names[f]}" for f in special & plain]


if __name__ == "__main__":
    wrong = faults(*sys.argv[1:3])
    print("\n".join(wrong) or "all is dispatched")
    sys.exit(bool(wrong))
