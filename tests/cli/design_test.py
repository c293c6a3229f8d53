"""`ponder design`: designs that keep their constraints, files, the same draws of a seed, and what is said of bad input."""

import itertools
import json
import math
import os
import struct
import tempfile
import unittest

from ponder_cli import TINY, jsonl, lines, run

MOTIF = ">M1\nA [ 9 0 0 1 ]\nC [ 0 9 1 0 ]\nG [ 1 1 9 0 ]\nT [ 0 0 0 9 ]\n"
FITNESS = {"terms": [{"kind": "motif", "file": "m.jaspar"}], "forbidden": ["GAATTC"], "max_homopolymer": 4}


class Design(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.fitness = self.write("F.json", json.dumps(FITNESS))
        self.write("m.jaspar", MOTIF)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def design(self, *args, fitness=None):
        r = run("design", "--fitness", fitness or self.fitness, "--json", *args)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        return lines(r)[0]

    def refuses(self, *args, fitness=None, says):
        r = run("design", "--fitness", fitness or self.fitness, *args)
        self.assertEqual((r.returncode, r.stdout), (2, b""), r.stderr)
        self.assertIn(says, r.stderr.decode())

    def test_every_method_finds_the_exact_optimum(self):
        best = self.design("--length", "12", "--method", "exact")["designs"][0]
        self.assertIn("ACGT", best["sequence"])
        for method in ("anneal", "ascent", "straight-through", "neighbours"):
            found = self.design("--length", "12", "--n", "8", "--method", method, "--tau", "0.1")["designs"]
            self.assertAlmostEqual(max(d["fitness"] for d in found), best["fitness"], places=9, msg=method)

    def test_draws_of_a_seed_are_the_same_and_allowed(self):
        args = ("--length", "20", "--n", "64", "--tau", "2", "--seed", "3")
        j = self.design(*args)
        self.assertEqual([d["sequence"] for d in j["designs"]], [d["sequence"] for d in self.design(*args)["designs"]])
        self.assertEqual(len(j["designs"]), 64)
        self.assertIn("rhat", j["diagnostics"])
        for d in j["designs"]:
            self.assertNotIn("GAATTC", d["sequence"])
            self.assertFalse(any(x * 5 in d["sequence"] for x in "ACGT"), d)

    def test_edits_stay_within_their_budget(self):
        start = self.write("start.fa", ">s\nTTGACTTGACTTGACTTGAC\n")
        for method in ("sample", "anneal", "ascent", "neighbours"):
            j = self.design("--start", start, "--max-edits", "2", "--n", "16", "--method", method)
            self.assertLessEqual(max(d["edits"] for d in j["designs"]), 2, method)
            self.assertGreater(max(d["edits"] for d in j["designs"]), 0, method)

    def test_files_hold_the_designs_and_are_scored_alike(self):
        fa, jl, nc = (os.path.join(self.folder.name, "d" + x) for x in (".fa", ".jsonl", ".nc"))
        first = self.design("--length", "15", "--n", "5", "--out", fa)["designs"]
        again = self.design("--score", fa)["designs"]
        self.assertEqual([(d["sequence"], d["fitness"]) for d in first], [(d["sequence"], d["fitness"]) for d in again])
        self.design("--length", "15", "--n", "5", "--out", jl)
        with open(jl, encoding="utf-8") as f:
            self.assertEqual([json.loads(x) for x in f], first)
        self.design("--length", "15", "--n", "32", "--out", nc)
        with open(nc, "rb") as f:
            self.assertEqual(f.read(4), b"\x89HDF")

    def test_curves_go_from_the_start_to_the_design(self):
        start = self.write("start.fa", ">s\nTTGACTTGACTTGACTTGAC\n")
        at_start = self.design("--score", start)["designs"][0]["fitness"]
        jl = os.path.join(self.folder.name, "d.jsonl")
        for method in ("anneal", "straight-through", "neighbours"):
            where = ("--start", start, "--out", jl, "--force")
            self.design(*where, "--n", "1", "--method", method, "--tau", "0.3")
            with open(jl, encoding="utf-8") as f:
                (d,) = (json.loads(x) for x in f)
            self.assertEqual(d["curve"][0][0], 0)
            self.assertAlmostEqual(d["curve"][0][1], at_start, places=9, msg=method)
            self.assertAlmostEqual(d["curve"][-1][1], d["fitness"], places=9, msg=method)
            self.assertGreater(d["fitness"], at_start)

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
        for k in range(2):  # the scores of the first run do not pile up in the names of the second
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

    def test_too_few_draws_are_not_judged(self):
        for args, reason in (
            (("--n", "5"), "1 a chain where 100 are needed (--n 1600)"),
            (("--n", "1", "--chains", "4"), "1 a chain where 100 are needed (--n 400)"),
            ((), "7 a chain where 100 are needed (--n 1600)"),
            (("--n", "200", "--chains", "1"), "one chain cannot tell"),
        ):
            r = run("design", "--fitness", self.fitness, "--length", "9", *args)
            said = r.stdout.decode().splitlines()[-1]
            self.assertTrue(said.startswith("not judged: ") and reason in said, said)
            verdict = self.design("--length", "9", *args)["verdict"]
            self.assertEqual((verdict["converged"], verdict["judged"]), (False, False))
            self.assertIn(reason, verdict["reason"])
        verdict = self.design(
            "--length", "9", "--n", "1600", "--warmup", "0", "--thin", "1", "--tau", "0.05"
        )["verdict"]
        self.assertEqual((verdict["converged"], verdict["judged"]), (False, True))

    def test_designs_say_where_their_motifs_are(self):
        both = json.dumps(
            {
                "terms": [
                    {"kind": "motif", "file": "m.jaspar", "name": "first"},
                    {"kind": "motif", "file": "m.jaspar", "strands": "forward"},
                ]
            }
        )
        path = self.write("G.json", both)
        self.write(
            "m.jaspar",
            MOTIF.replace(">M1", ">M1 TF")
            .replace("A [ 9 0 0 1 ]", "A [ 9 0 0 9 ]")
            .replace("T [ 0 0 0 9 ]", "T [ 0 0 0 0 ]"),
        )
        (d,) = self.design("--score", self.write("s.fa", ">s\nCCCCTCGTCC\n"), fitness=path)[
            "designs"
        ]  # ACGA, reversed
        self.assertEqual(
            {k: d["places"][0][k] for k in ("motif", "begin", "end", "strand")},
            {"motif": "first", "begin": 4, "end": 8, "strand": "-"},
        )
        self.assertEqual((d["places"][1]["motif"], d["places"][1]["strand"]), ("TF", "+"))
        self.assertAlmostEqual(sum(p["log_odds"] for p in d["places"]), d["fitness"])

    def test_motifs_are_read_with_a_word_on_what_is_odd(self):
        self.write(
            "m.jaspar", MOTIF.replace("A [ 9", "A [ 20")
        )  # columns of unequal sums are none of it
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

    def test_a_language_model_scores_letters_as_tokens(self):
        fitness = json.dumps({"terms": [{"kind": "language-model", "file": TINY, "prompt": "The river", "weight": 2}]})
        letters = {x: lines(run("tokenize", "-m", TINY, "-p", x, "--json"))[0]["ids"] for x in "ACGT"}
        self.assertEqual({len(ids) for ids in letters.values()}, {1})
        words = ["".join(w) for w in itertools.product("ACGT", repeat=3)]
        path = self.write("all.fa", "".join(f">{w}\n{w}\n" for w in words))
        scored = {d["sequence"]: d["fitness"] for d in self.design("--score", path, fitness=fitness)["designs"]}
        requests = jsonl(*({"prompt": "The river", "reply_ids": [letters[x][0] for x in w]} for w in words))
        said = lines(run("score", "-m", TINY, "--input", "-", "--jsonl", stdin=requests))
        for w, line in zip(words, said, strict=True):
            self.assertAlmostEqual(scored[w], 2 * line["sum"], places=9, msg=w)
        for method in ("neighbours", "anneal"):
            found = self.design("--length", "3", "--n", "8", "--method", method, "--tau", "0.2", fitness=fitness)["designs"]
            self.assertEqual(max(d["fitness"] for d in found), max(scored.values()), method)
        drawn = self.design("--length", "3", "--n", "800", "--tau", "8", "--thin", "4", fitness=fitness)["designs"]
        weights = [math.exp(f / 8) for f in scored.values()]
        mean = sum(f * p for f, p in zip(scored.values(), weights, strict=True)) / sum(weights)
        self.assertAlmostEqual(sum(d["fitness"] for d in drawn) / len(drawn), mean, delta=1)

    def test_a_language_model_must_have_the_letters(self):
        with open(TINY, "rb") as f:
            model = f.read()
        t = struct.pack("<Q", 1) + b"T"
        self.assertEqual(model.count(t), 1)
        path = os.path.join(self.folder.name, "no-t.gguf")
        with open(path, "wb") as f:
            f.write(model.replace(t, t[:-1] + b"\x7f"))
        fitness = '{"terms":[{"kind":"language-model","file":"%s"}]}'
        self.refuses("--length", "5", fitness=fitness % path, says="none that spells T")
        self.refuses("--length", "5", fitness=fitness % os.path.join(self.folder.name, "none.gguf"), says="none.gguf")

    def test_zero_has_no_sign(self):
        near = '{"terms":[{"kind":"gc","target":0.5,"deviation":10}]}'  # -5e-5
        r = run("design", "--fitness", near, "--score", self.write("near.fa", ">s\nACGTG\n"))
        self.assertIn("    0.000  ACGTG", r.stdout.decode())
        self.assertNotIn("-0.0", r.stdout.decode())

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


if __name__ == "__main__":
    unittest.main()
