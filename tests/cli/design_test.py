"""`ponder design`: designs that keep their constraints, the same draws for a seed, the verdict on
chains."""

import itertools
import json
import math
import os
import struct
import unittest

from design_case import MOTIF, DesignCase
from ponder_cli import TINY, jsonl, lines, run


class Design(DesignCase):
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

    def test_too_few_draws_are_not_judged(self):
        for args, reason in (
            (("--n", "5"), "1 a chain where 100 are needed; give --n 1600"),
            (("--n", "1", "--chains", "4"), "1 a chain where 100 are needed; give --n 400"),
            ((), "7 a chain where 100 are needed; give --n 1600"),
            (("--n", "200", "--chains", "1"), "one chain cannot tell"),
        ):
            r = run("design", "--fitness", self.fitness, "--length", "9", *args)
            said = r.stdout.decode().splitlines()[-1]
            self.assertTrue(said.startswith("not judged: ") and reason in said, said)
            verdict = self.design("--length", "9", *args)["verdict"]
            self.assertEqual((verdict["converged"], verdict["judged"]), (False, False))
            self.assertIn(reason, verdict["reason"] + "; " + verdict["advice"])
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
        ]  # the reverse complement of ACGA
        self.assertEqual(
            {k: d["places"][0][k] for k in ("motif", "begin", "end", "strand")},
            {"motif": "first", "begin": 4, "end": 8, "strand": "-"},
        )
        self.assertEqual((d["places"][1]["motif"], d["places"][1]["strand"]), ("TF", "+"))
        self.assertAlmostEqual(sum(p["log_odds"] for p in d["places"]), d["fitness"])

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


if __name__ == "__main__":
    unittest.main()
