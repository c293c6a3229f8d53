"""Every matrix of JASPAR's CORE collection, in each of its formats, read and compared with numpy.

jaspar_test.py runs this where pyjaspar and Biopython are available.

The files follow the layout of JASPAR's downloads; two come from Biopython's writers. Files that
Biopython can parse are also compared with the counts of the database, so that no format is written
here in a form that only ponder reads.

    jaspar_checks.py PRINT_LOG_ODDS
"""

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from Bio import motifs
from pyjaspar import jaspardb

PSEUDOCOUNT, LEAST, LETTERS = 0.8, -20, "ACGT"
PRINT_LOG_ODDS = sys.argv[1]


class Matrix:
    def __init__(self, motif):
        self.motif, self.id, self.name = motif, motif.matrix_id, motif.name
        self.counts = np.array([motif.counts[letter] for letter in LETTERS]).T  # (n, 4)
        self.frequencies = self.counts / self.counts.sum(1, keepdims=True)


def rows(m, left, right, named):
    out = f">{m.id}\t{m.name}\n"
    for v, letter in enumerate(LETTERS):
        numbers = " ".join(f"{repr(x).removesuffix('.0'):>6}" for x in m.counts[:, v].tolist())
        out += (letter + "  " if named else "") + left + numbers + right + "\n"
    return out


def jaspar(m):
    return rows(m, "[", " ]", True)


def pfm(m):
    return rows(m, "", "", False)


def bare(m):
    return pfm(m).split("\n", 1)[1]


def transfac(m):
    out = f"AC {m.id}\nXX\nID {m.name}\nXX\nDE {m.id} {m.name} ; From JASPAR\nPO\tA\tC\tG\tT\n"
    for j, column in enumerate(m.counts.tolist()):
        out += f"{j + 1:02d}\t" + "\t".join(repr(x) for x in column) + "\n"
    return out + "XX\nCC tax_group:plants\nCC data_type:ChIP-seq\nXX\n//\n"


MEME_HEAD = (
    "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n"
    "A 0.25 C 0.25 G 0.25 T 0.25\n\n"
)


def meme(m):
    n_sites = int(m.counts[0].sum())
    out = f"MOTIF {m.id} {m.name}\n"
    out += f"letter-probability matrix: alength= 4 w= {len(m.counts)} nsites= {n_sites} E= 0\n"
    for column in m.frequencies:
        out += " " + "  ".join(f"{p:.6f}" for p in column) + "\n"
    return out + f"URL http://jaspar.elixir.no/matrix/{m.id}\n\n"


def bio_jaspar(m):
    return motifs.write([m.motif], "jaspar")


def bio_transfac(m):  # Biopython writes AC and ID only for motifs that it read from TRANSFAC
    return f"AC  {m.id}\nXX\nID  {m.name}\nXX\n" + motifs.write([m.motif], "transfac")


# name: (writer, head of the file, format in which Biopython parses the file)
FORMATS = {
    "JASPAR": (jaspar, "", "jaspar"),
    "JASPAR pfm": (pfm, "", None),
    "pfm, no header": (bare, "", None),
    "MEME": (meme, MEME_HEAD, "minimal"),
    "TRANSFAC": (transfac, "", "transfac"),
    "Biopython JASPAR": (bio_jaspar, "", "jaspar"),
    "Biopython TRANSFAC": (bio_transfac, "", "transfac"),
}


def read(files):
    out = []
    for k in range(0, len(files), 500):
        r = subprocess.run(
            [PRINT_LOG_ODDS, *files[k : k + 500]], stdout=subprocess.PIPE, check=True
        )
        out += [json.loads(line) for line in r.stdout.splitlines()]
    return out


def expected(numbers, is_counts):
    p = np.array(numbers)
    pseudo = PSEUDOCOUNT if is_counts else 0
    p = (p + pseudo / 4) / (p.sum(1, keepdims=True) + pseudo)
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p / 0.25), LEAST)


def as_written(name, text, m):
    """The numbers of a matrix's text, parsed by Biopython where it can, else those of the database."""
    parser = FORMATS[name][2]
    if parser is None:
        return m.counts
    if name == "MEME":  # Biopython rounds frequency times nsites, so a large nsites keeps all six decimals
        text = MEME_HEAD + re.sub("nsites= [0-9]+", "nsites= 1000000", text)
    # Not strict: JASPAR writes one space after AC.
    (parsed,) = motifs.parse(io.StringIO(text), parser, strict=False)
    numbers = np.array([parsed.counts[letter] for letter in LETTERS]).T
    if name == "MEME":
        numbers = numbers / 1000000
    off = np.abs(numbers - (m.frequencies if name == "MEME" else m.counts)).max()
    assert off < (1.001e-6 if name == "MEME" else 0.0051), m.id  # some writers have two decimals
    return numbers


def difference(name, m, text, answer):
    """The largest difference of a matrix's log-odds between ponder and numpy."""
    assert name == "pfm, no header" or (answer["id"], answer["name"]) == (m.id, m.name), answer
    weights = expected(as_written(name, text, m), name != "MEME")
    assert weights.shape == (len(answer["log_odds"]), 4), (name, m.id)
    return np.abs(weights - np.array(answer["log_odds"])).max()


def check(name, collection, folder):
    """Checks every matrix in a file of its own, and all in one file. Prints the result; returns
    whether all is well."""
    writer, head, _ = FORMATS[name]
    texts = [writer(m) for m in collection]
    files = [os.path.join(folder, str(k)) for k in range(len(texts))]
    for path, text in zip(files, texts, strict=True):
        with open(path, "w", encoding="utf-8") as f:
            f.write(head + text)
    alone = read(files)
    good = [x for x in zip(collection, texts, alone, strict=True) if "error" not in x[2]]
    off = max([difference(name, *x) for x in good], default=0)
    together = []
    if name != "pfm, no header":
        with open(files[0], "w", encoding="utf-8") as f:
            f.write(head + "".join(texts))
        together = read(files[:1])
    same = not together or [r.get("log_odds") for r in together] == [
        r.get("log_odds") for r in alone
    ]
    print(
        f"{name:20} read {len(good)} of {len(collection)}, the largest difference from numpy {off:.1e};"
        f" all in one file: {'NOT the same' if not same else 'the same' if together else '-'}"
    )
    for r in [r for r in alone + together if "error" in r][:3]:
        print("  " + r["error"])
    return len(good) == len(collection) and off < 1e-9 and same


def main():
    database = jaspardb(release="JASPAR2026")
    collection = [Matrix(m) for m in database.fetch_motifs(collection="CORE", all_versions=True)]
    spread = [np.ptp(m.counts.sum(1)) / m.counts.sum(1).max() for m in collection]
    print(
        f"JASPAR 2026 CORE, all versions: {len(collection)} matrices; columns of unequal sums:"
        f" {sum(x > 1e-6 for x in spread)} (by more than 1 %: {sum(x > 0.01 for x in spread)})"
    )
    assert len(collection) > 4000
    with tempfile.TemporaryDirectory() as folder:
        return 0 if all([check(name, collection, folder) for name in FORMATS]) else 1


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
