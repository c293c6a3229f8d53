"""Reads every matrix of JASPAR's CORE collection in each format that it is published in, and compares the log-odds with
numpy's. The files follow the layout of JASPAR's downloads; two come from Biopython's writers. What Biopython can parse
is also held against the counts of the database, so that a format is not written here as only ponder reads it.

    jaspar_test.py PRINT_LOG_ODDS FOLDER     FOLDER gets a virtual environment, made once. Returns 77 when pip cannot.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from fetched_python import python_with  # noqa: E402

REQUIREMENTS = ["pyjaspar==4.0.0", "biopython==1.88"]  # numpy comes with Biopython

CHECKS = r'''
import io, json, os, re, subprocess, sys, tempfile, warnings
warnings.simplefilter("ignore")
import numpy as np
from Bio import motifs
from pyjaspar import jaspardb

PSEUDOCOUNT, LEAST, LETTERS = 0.8, -20, "ACGT"
print_log_odds = sys.argv[1]

class Matrix:
    def __init__(self, motif):
        self.motif, self.id, self.name = motif, motif.matrix_id, motif.name
        self.counts = np.array([motif.counts[letter] for letter in LETTERS]).T  # (n, 4)
        self.frequencies = self.counts / self.counts.sum(1, keepdims=True)

def rows(m, left, right, named):
    out = ">%s\t%s\n" % (m.id, m.name)
    for v, letter in enumerate(LETTERS):
        numbers = " ".join("%6s" % ("%r" % x).removesuffix(".0") for x in m.counts[:, v].tolist())
        out += (letter + "  " if named else "") + left + numbers + right + "\n"
    return out

def jaspar(m): return rows(m, "[", " ]", True)
def pfm(m): return rows(m, "", "", False)
def bare(m): return pfm(m).split("\n", 1)[1]
def transfac(m):
    out = "AC %s\nXX\nID %s\nXX\nDE %s %s ; From JASPAR\nPO\tA\tC\tG\tT\n" % (m.id, m.name, m.id, m.name)
    for j, column in enumerate(m.counts.tolist()):
        out += "%02d\t%s\n" % (j + 1, "\t".join("%r" % x for x in column))
    return out + "XX\nCC tax_group:plants\nCC data_type:ChIP-seq\nXX\n//\n"
MEME_HEAD = ("MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n"
             "A 0.25 C 0.25 G 0.25 T 0.25\n\n")
def meme(m):
    out = "MOTIF %s %s\nletter-probability matrix: alength= 4 w= %d nsites= %d E= 0\n" % (
        m.id, m.name, len(m.counts), m.counts[0].sum())
    for column in m.frequencies:
        out += " " + "  ".join("%.6f" % p for p in column) + "\n"
    return out + "URL http://jaspar.elixir.no/matrix/%s\n\n" % m.id
def bio_jaspar(m): return motifs.write([m.motif], "jaspar")
def bio_transfac(m):  # Biopython writes AC and ID only of motifs that it read from TRANSFAC
    return "AC  %s\nXX\nID  %s\nXX\n%s" % (m.id, m.name, motifs.write([m.motif], "transfac"))

# name: (writer, what the file begins with, the format in which Biopython parses it)
FORMATS = {"JASPAR": (jaspar, "", "jaspar"), "JASPAR pfm": (pfm, "", None), "pfm, no header": (bare, "", None),
           "MEME": (meme, MEME_HEAD, "minimal"), "TRANSFAC": (transfac, "", "transfac"),
           "Biopython JASPAR": (bio_jaspar, "", "jaspar"), "Biopython TRANSFAC": (bio_transfac, "", "transfac")}

def read(files):
    out = []
    for k in range(0, len(files), 500):
        r = subprocess.run([print_log_odds, *files[k : k + 500]], stdout=subprocess.PIPE, check=True)
        out += [json.loads(line) for line in r.stdout.splitlines()]
    return out

def expected(numbers, is_counts):
    p = np.array(numbers)
    pseudo = PSEUDOCOUNT if is_counts else 0
    p = (p + pseudo / 4) / (p.sum(1, keepdims=True) + pseudo)
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p / 0.25), LEAST)

def as_written(name, text, m):
    """The numbers of a matrix's text: as Biopython parses them where it can, else those of the database."""
    parser = FORMATS[name][2]
    if parser is None:
        return m.counts
    if name == "MEME":  # Biopython rounds frequency times nsites: enough sites keep all six decimals
        text = MEME_HEAD + re.sub("nsites= [0-9]+", "nsites= 1000000", text)
    (parsed,) = motifs.parse(io.StringIO(text), parser, strict=False)  # JASPAR writes one space after AC
    numbers = np.array([parsed.counts[letter] for letter in LETTERS]).T
    if name == "MEME":
        numbers = numbers / 1000000
        assert np.abs(numbers - m.frequencies).max() < 1.001e-6, m.id
    else:
        assert np.abs(numbers - m.counts).max() <= 0.0051, m.id  # Biopython's writers have two decimals at least
    return numbers

collection = [Matrix(m) for m in jaspardb(release="JASPAR2026").fetch_motifs(collection="CORE", all_versions=True)]
sums = [m.counts.sum(1) for m in collection]
print("JASPAR 2026 CORE, all versions: %d matrices; columns of unequal sums: %d (by more than 1 %%: %d)" % (
    len(collection), sum(np.ptp(s) > 1e-6 * s.max() for s in sums), sum(np.ptp(s) > 0.01 * s.max() for s in sums)))
assert len(collection) > 4000
failed = False
with tempfile.TemporaryDirectory() as folder:
    for name, (writer, head, _) in FORMATS.items():
        texts = [writer(m) for m in collection]
        files = [os.path.join(folder, str(k)) for k in range(len(texts))]
        for path, text in zip(files, texts):
            with open(path, "w", encoding="utf-8") as f:
                f.write(head + text)
        alone = read(files)
        readable = [(m, text, r) for m, text, r in zip(collection, texts, alone, strict=True) if "error" not in r]
        off = 0
        for m, text, r in readable:
            weights = expected(as_written(name, text, m), name != "MEME")
            assert weights.shape == (len(r["log_odds"]), 4), (name, m.id)
            off = max(off, np.abs(weights - np.array(r["log_odds"])).max())
            if name != "pfm, no header":
                assert (r["id"], r["name"]) == (m.id, m.name), (name, r["id"], r["name"], m.id, m.name)
        with open(files[0], "w", encoding="utf-8") as f:
            f.write(head + "".join(texts))
        together = [] if name == "pfm, no header" else read(files[:1])
        same = not together or [r.get("log_odds") for r in together] == [r.get("log_odds") for r in alone]
        print("%-20s read %d of %d, the largest difference from numpy %.1e; all in one file: %s" % (
            name, len(readable), len(collection), off, "-" if not together else "the same" if same else "NOT the same"))
        for r in [r for r in alone + together if "error" in r][:3]:
            print("  " + r["error"])
        failed = failed or len(readable) < len(collection) or not off < 1e-9 or not same
sys.exit(1 if failed else 0)
'''


def main():
    print_log_odds, folder = sys.argv[1:]
    sys.exit(subprocess.run([python_with(REQUIREMENTS, folder), "-c", CHECKS, print_log_odds]).returncode)


if __name__ == "__main__":
    main()
