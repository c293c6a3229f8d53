"""`ponder design`: sequences, motifs and fitnesses in common forms, names of files, and the errors
for bad ones."""

import json
import os
import unittest

from design_case import MOTIF, DesignCase
from ponder_cli import run


class DesignInput(DesignCase):
    def test_scored_sequences_keep_their_names(self):
        text = "".join(
            f">{name} of mouse\r\n{letters}\r\n"
            for name, letters in (("b", "TTACGTTT"), ("a", "ggaaccuu"))
        )
        given = self.write("given.fa", text * 6)
        scored = self.design("--score", given)["designs"]
        self.assertEqual(
            [(d["name"], d["sequence"]) for d in scored[:2]],
            [("b of mouse", "TTACGTTT"), ("a of mouse", "GGAACCTT")],
        )
        shown = (
            run("design", "--fitness", self.fitness, "--score", given).stdout.decode().splitlines()
        )
        self.assertEqual(
            [line.split()[1:] for line in shown[:12]],
            [[d["sequence"], *d["name"].split()] for d in scored],
        )
        self.assertIn("12 sequences, 2 different", shown[12])
        for k in range(2):  # the second run replaces the scores that the first run wrote into the names
            out = os.path.join(self.folder.name, f"{k}.fasta")
            self.design("--score", given, "--out", out)
            with open(out, encoding="utf-8") as f:
                self.assertEqual(f.readline().split(" fitness=")[0], ">b of mouse")
            given = out
        with open(os.path.join(self.folder.name, "1.fasta"), encoding="utf-8") as f:
            self.assertEqual(f.readline().count("fitness="), 1)

    def test_sequences_are_written_under_every_name_of_fasta(self):
        for ending in ("fa", "fasta", "fna"):
            out = os.path.join(self.folder.name, "d." + ending)
            self.design("--length", "9", "--n", "2", "--out", out)
            with open(out, encoding="utf-8") as f:
                self.assertTrue(f.read().startswith(">design_0 fitness="), ending)
        self.refuses(
            "--length", "9", "--out", os.path.join(self.folder.name, "d.txt"), says=".fasta"
        )

    def test_a_file_is_replaced_only_by_force(self):
        out = self.write("mine.fa", "precious")
        self.refuses(
            "--length",
            "9",
            "--n",
            "2",
            "--out",
            out,
            says="exists already (--out); give --force to replace it",
        )
        with open(out, encoding="utf-8") as f:
            self.assertEqual(f.read(), "precious")
        self.design("--length", "9", "--n", "2", "--out", out, "--force")
        with open(out, encoding="utf-8") as f:
            self.assertTrue(f.read().startswith(">design_0"))

    def test_motifs_are_read_with_a_word_on_what_is_odd(self):
        self.write(
            "m.jaspar", MOTIF.replace("A [ 9", "A [ 20")
        )  # unequal sums of columns are not odd
        self.design("--length", "9", "--n", "2")
        self.write("m.jaspar", ">E\nA 0 9\nC 0 1\nG 0 1\nT 0 1\n>F\nA 1\nC 1\nG 1\nT 1\n")
        r = run("design", "--fitness", self.fitness, "--length", "9", "--n", "2")
        self.assertEqual(r.returncode, 0)
        self.assertIn("column 0 of motif E is empty", r.stderr.decode())
        self.assertIn("2 motifs, of which the first, E, is taken", r.stderr.decode())

    def test_units_are_told(self):
        def fitness(**term):
            return json.dumps({"terms": [term]})

        self.refuses(
            "--length",
            "9",
            fitness=fitness(kind="gc", target=50),
            says="0 to 1 for target, got 50 (--fitness, term 0); did you mean 0.5?",
        )
        self.refuses("--length", "9", fitness=fitness(kind="gc", target=-1), says="0 to 1")
        self.refuses(
            "--length", "9", fitness=fitness(kind="gc", taget=0.4), says="did you mean target?"
        )
        r = run(
            "design", "--fitness", fitness(kind="gc", deviation=10), "--length", "9", "--n", "2"
        )
        self.assertEqual(r.returncode, 0)
        self.assertIn("did you mean 0.1?", r.stderr.decode())
        pair = {"kind": "spacing", "first": {"file": "m.jaspar"}, "second": {"file": "m.jaspar"}}
        for term, length, says in (
            ({**pair, "gap": -1}, "20", "0 or more, for gap"),
            (pair, "7", "got 8"),
            ({**pair, "first": {"file": "m.jaspar", "i": "M1"}}, "20", "did you mean id?"),
        ):
            self.refuses(
                "--length",
                length,
                fitness=self.write("S.json", json.dumps({"terms": [term]})),
                says=says,
            )
        for longest in (0, 0.5, 2.5, -1):
            self.refuses(
                "--length",
                "9",
                fitness=json.dumps({"terms": [{"kind": "gc"}], "max_homopolymer": longest}),
                says="a whole number",
            )
        self.design(
            "--length",
            "9",
            "--n",
            "2",
            fitness='\n{"terms":[{"kind":"gc"}],"max_homopolymer":1e12}',
        )

    def test_a_sequence_against_the_constraints_keeps_its_column(self):
        given = self.write("g.fa", ">site\nAAGAATTCAA\n>none\nAAGATTTCAA\n")
        shown = run("design", "--fitness", self.fitness, "--score", given).stdout.decode().splitlines()
        self.assertEqual(shown[0], "     -inf  AAGAATTCAA  site")
        self.assertEqual(shown[1].index("AAGATTTCAA"), shown[0].index("AAGAATTCAA"))

    def test_bad_input_is_told(self):
        self.refuses(says="--length or --start")
        self.refuses("--length", "10", "--max-edits", "2", says="--start")
        self.refuses("--start", self.write("bad.fa", ">a\nACGTX\n"), says="'X'")
        self.refuses("--length", "10", fitness=self.write("e.json", "["), says="a JSON object")
        comma = '{"terms":[{"kind":"gc"},]}'
        self.refuses("--length", "10", fitness=comma, says="line 1, column 25")
        four = self.write("four.fa", ">a\nACGT\n")
        self.refuses("--length", "10", "--start", four, says="--length 4, as the sequences have")
        two = self.write("two.fa", ">a\nACGT\n>b\nACGTA\n")
        self.refuses("--score", two, says="5 in the record b")
        self.refuses("--score", self.write("gap.fa", ">a\nAC-T\n"), says="gaps of the alignment")
        other = json.dumps({"terms": [{"kind": "motif", "file": "m.jaspar", "id": "M2"}]})
        self.refuses("--length", "10", fitness=self.write("i.json", other), says="did you mean M1?")
        self.refuses("--length", "10", fitness='{"terms":[{"kind":"motiv"}]}', says="motif")
        self.refuses("--length", "10", fitness='{"terms":[{"kind":"gc","target":0.5,"deviation":0.1}],"frozen":[{"begin":2,"letters":"GAATTC"}],"forbidden":["GAATTC"]}', says="fixed letters")
        self.refuses("--length", "10", "--kernel", "gwq", says="gwg")
        self.write("m.jaspar", MOTIF.replace("9", "x", 1))
        self.refuses("--length", "10", says="m.jaspar")
        self.refuses("--length", "10", "--method", "exact", fitness='{"terms":[{"kind":"gc","target":0.5,"deviation":0.1}]}', says="--method anneal")

    def test_zero_has_no_sign(self):
        near = '{"terms":[{"kind":"gc","target":0.5,"deviation":10}]}'  # the fitness is -5e-5
        r = run("design", "--fitness", near, "--score", self.write("near.fa", ">s\nACGTG\n"))
        self.assertIn("    0.000  ACGTG", r.stdout.decode())
        self.assertNotIn("-0.0", r.stdout.decode())


if __name__ == "__main__":
    unittest.main()
