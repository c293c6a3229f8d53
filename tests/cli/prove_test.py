"""`ponder prove`: certificates and their check, forgeries, lengths, and runs without time, room or
patience."""

import copy
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

from ponder_cli import ANSWER, DATA, PONDER, TINY, TOY, lines, run

SMALL = ["-m", TINY, "-no-cnv", "-p", "the river", "--allow-ids", "294,5,70,120,230"]
OTHER = os.path.join(DATA, "tiny", "llama-untied", "model.gguf")


class Prove(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "certificate.json")

    def certificate(self, *args, precision="f32"):
        r = run("prove", *SMALL, "--max-length", "5", "--precision", precision, "--certificate", self.path, "--force", "--json", *args)
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(self.path, encoding="utf-8") as f:
            return lines(r)[0], json.load(f)

    def check(self, certificate=None, model=TINY):
        if certificate is not None:
            with open(self.path, "w", encoding="utf-8") as f:
                json.dump(certificate, f)
        r = run("prove", "-m", model, "--check", self.path, "--json")
        return r, (lines(r) or [None])[0]

    def test_every_kind_of_certificate_is_valid(self):
        for args in ([], ["--n-best", "4"], ["--target", "truncated"], ["--min-length", "3"], ["--length-prior", "1.5"], ["--budget", "9t"], ["--n-best", "1000"]):
            j, c = self.certificate(*args, precision="auto" if args else "f32")
            r, checked = self.check()
            self.assertEqual((r.returncode, checked["valid"]), (0, True), (args, checked, r.stderr))
            self.assertEqual([x["reply_ids"] for x in c["replies"]], [x["reply_ids"] for x in j["n_best"]])
            self.assertEqual(list(j), ANSWER + ["certificate", "n_best", "mass", "tie"])
            self.assertNotIn("/", c["model"]["file"])
        fixed = ["prove", *SMALL, "--target", "fixed", "--length", "4", "--certificate", self.path]
        r = run(*fixed)
        self.assertEqual(r.returncode, 2)
        self.assertIn("exists already", r.stderr.decode())
        r = run(*fixed, "--force")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(b"valid", run("prove", "-m", TINY, "--check", self.path).stdout)

    def test_forgeries_are_not(self):
        j, good = self.certificate("--n-best", "3")
        second = lines(run("prove", *SMALL, "--max-length", "5", "--precision", "f32", "--n-best", "4", "--json"))[0]["n_best"][3]

        def forged(change):
            c = copy.deepcopy(good)
            change(c)
            r, checked = self.check(c)
            self.assertEqual((r.returncode, checked["valid"]), (1, False), checked)
            return checked["why"]

        def recompute(c):  # computes the figures that follow from the replies and the bound
            c["margin"] = c["replies"][-1]["logprob"] - c["bound"]
            c["mass"] = sum(2.718281828459045 ** x["logprob"] for x in c["replies"])

        def drop(c):
            c["replies"] = c["replies"][1:] + [{**{k: second[k] for k in ("reply_ids", "logprob")}, "ended": True}]
            c["bound"] = min(c["bound"], second["logprob"])
            recompute(c)

        def raise_bar(c):
            c["bound"] -= 0.5
            recompute(c)
            for x in c["replies"]:
                x["logprob"] += 0.5
            c["margin"], c["mass"] = c["margin"] + 0.5, sum(2.718281828459045 ** x["logprob"] for x in c["replies"])

        def alter(c):
            c["replies"][-1]["logprob"] -= 0.01
            c["bound"] = min(c["bound"], c["replies"][-1]["logprob"])
            recompute(c)

        self.assertIn("leaves out", forged(drop))
        self.assertIn("log-probability", forged(raise_bar))
        self.assertIn("log-probability", forged(alter))
        self.assertIn("margin", forged(lambda c: c.update(margin=c["margin"] + 1)))
        self.assertIn("end ids", forged(lambda c: c.update(end_ids=[5])))
        self.assertIn("another model", self.check(good, OTHER)[1]["why"])
        stolen = copy.deepcopy(good)  # the certificate of one model with the hash of another
        stolen["model"]["sha256"] = json.loads(run("info", "-m", OTHER, "--json").stdout).get("sha256") or self.sha256(OTHER)
        r, checked = self.check(stolen, OTHER)
        self.assertEqual((r.returncode, checked["valid"]), (1, False), checked)
        self.assertIn("log-probability", checked["why"])

    @staticmethod
    def sha256(path):
        import hashlib

        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def test_what_is_no_certificate(self):
        _, good = self.certificate()
        for change in (lambda c: c.pop("bound"), lambda c: c.update(format="x"), lambda c: c.update(replies=3), lambda c: c.update(target="none"),
                       lambda c: c.update(horizon=0), lambda c: c.update(horizon=1 << 30), lambda c: c.update(prompt_ids=[]), lambda c: c.update(claim=7)):
            c = copy.deepcopy(good)
            change(c)
            r, _ = self.check(c)
            self.assertEqual((r.returncode, r.stdout), (2, b""), r.stderr)
        with open(self.path, "w", encoding="utf-8") as f:
            f.write("{")
        self.assertEqual(run("prove", "-m", TINY, "--check", self.path).returncode, 2)
        self.assertEqual(run("prove", "-m", TINY, "--check", self.path + ".none").returncode, 2)
        r = run("prove", *SMALL, "--certificate", os.path.join(self.folder.name, "none", "x.json"))
        self.assertEqual((r.returncode, r.stdout), (1, b""))

    def test_terms_rank_and_forbid_as_enumeration_does(self):
        law = [*SMALL, "--max-length", "4", "--precision", "f32", "--json"]
        (everything,) = lines(run("prove", *law, "--n-best", "1000"))
        replies = everything["n_best"]
        words = [" ".join(map(str, r["reply_ids"])) for r in replies]
        some = lines(run("detokenize", "-m", TINY, "--ids", "70", "--json"))[0]["text"]

        def check(term, allowed=lambda r: True, more=lambda r: 0, keep=3):
            (j,) = lines(run("prove", *law, "--n-best", str(keep), "--term", term))
            want = sorted((r for r in replies if allowed(r)), key=lambda r: -(r["logprob"] + more(r)))[:keep]
            self.assertEqual(j["certificate"]["status"], "optimal", term)
            self.assertEqual([r["reply_ids"] for r in j["n_best"]], [r["reply_ids"] for r in want], term)
            for r in j["n_best"]:
                self.assertAlmostEqual(r["worth"], r["logprob"] + more(r), places=9)

        self.assertEqual(len(set(words)), len(words))
        has = lambda r: some in r["reply"]  # noqa: E731
        repeated = lambda r: len(r["reply_ids"]) - len(set(r["reply_ids"]))  # noqa: E731
        if some.strip("\ufffd"):
            check("forbid:hard:" + some, lambda r: not has(r))
            check("keyword:hard:" + some, has)
            check("forbid:2.5:" + some, more=lambda r: -2.5 * has(r))
            check("keyword:3:" + some, more=lambda r: 3 * has(r))
        check("repetition:1.5:1", more=lambda r: -1.5 * repeated(r))
        check("repetition:-2:1", more=lambda r: 2 * repeated(r))
        check("canonical:hard", lambda r: self.canonical(r["reply_ids"]))
        said = run("prove", *law[:-1], "--term", "repetition:1").stdout.decode(errors="replace")
        self.assertIn("is worth more, by log p and the terms", said)
        self.assertNotIn("is more probable", said)

    @staticmethod
    def canonical(ids):
        r = run("score", "-m", TINY, "--input", "-", "--jsonl", stdin=json.dumps({"prompt": "the river", "reply_ids": ids}).encode() + b"\n")
        return lines(r)[0].get("canonical", True)

    def test_the_help_lists_the_terms_that_it_takes(self):
        text = " ".join(run("prove", "--help-all").stdout.decode().split())
        for name in ("canonical:1", "copy:1", "forbid:1:a", "frozen:1:0=a", "keyword:1:a", "repetition:1"):
            self.assertIn(name.split(":")[0], text)
            r = run("prove", *SMALL, "--max-length", "3", "--term", name, "--json")
            self.assertEqual(r.returncode, 0, r.stderr)
        for name in ("reply-to-prompt", "self-verification"):
            self.assertNotIn(name, text)
            r = run("prove", *SMALL, "--term", name + ":1")
            self.assertEqual(r.returncode, 2)
            for part in (name, "a term with a bound for proofs", "ponder sample takes it"):
                self.assertIn(part, r.stderr.decode())

    def test_the_best_of_each_length(self):
        (j,) = lines(run("prove", *SMALL, "--max-length", "4", "--per-length", "--json"))
        self.assertEqual([len(x["reply_ids"]) for x in j["per_length"]], [1, 2, 3, 4])
        self.assertEqual({x["gap"] for x in j["per_length"]}, {0})
        self.assertEqual(max(x["logprob"] for x in j["per_length"]), j["logprob"])

    def test_the_sentence_speaks_of_as_many_as_were_asked_for(self):
        def said(*args):
            out = run("prove", *SMALL, "--target", "fixed", "--length", "3", *args).stdout
            return " ".join(out.decode(errors="replace").split())  # sentences are wrapped over lines

        self.assertIn("no reply of exactly 3 tokens is more probable;", said())
        several = "no other reply of exactly 3 tokens is more probable than any of these 3;"
        self.assertIn(several, said("--n-best", "3", "--certificate", self.path))
        self.assertIn(several, run("prove", "-m", TINY, "--check", self.path).stdout.decode(errors="replace"))
        self.assertIn("there is no other reply of exactly 3 tokens;", said("--n-best", "1000"))
        wide = run("prove", "-m", TINY, "-no-cnv", "-p", "the river", "--target", "fixed", "--length", "4", "--n-best", "3", "--budget", "80t")
        self.assertIn("nats better than the last of these (", " ".join(wide.stdout.decode(errors="replace").split()))

    def test_what_it_refuses(self):
        for part, *args in (("--certificate without terms", "--term", "copy:1", "--certificate", self.path), ("did you mean copy?", "--term", "cpoy:1"), ("--per-length alone", "--per-length", "--n-best", "2"),
                            ("one prompt", "--certificate", self.path, "--input", "-"), ("of reply", "--max-length", "9999999"), ("0s", "--budget", "x0s")):
            r = run("prove", *SMALL, *args, stdin=b"")
            self.assertEqual(r.returncode, 2, (args, r.stderr))
            self.assertIn(part, r.stderr.decode())

    def test_no_time(self):
        for budget in ("0s", "0.000001s", "0t", "1t"):
            (j,) = lines(run("prove", *SMALL, "--budget", budget, "--json"))
            self.assertIn(j["certificate"]["status"], ("none", "gap"), budget)
            (j,) = lines(run("think", *SMALL, "--budget", budget, "--json"))
            self.assertGreater(len(j["reply_ids"]), 0)
        self.assertIn(b"UNDECIDED", self.undecided().stdout)

    def undecided(self):
        self.certificate()
        r = run("prove", "-m", TINY, "--check", self.path, "--budget", "0s")
        self.assertEqual(r.returncode, 1)
        return r

    def test_signals(self):
        for sig, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            p = subprocess.Popen([PONDER, "prove", "-m", TOY if os.path.exists(TOY) else TINY, "-no-cnv", "-p", "the river", "--budget", "60s",
                                  "--target", "fixed", "--length", "60", "--certificate", self.path, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(1.5)
            p.send_signal(sig)
            out, err = p.communicate(timeout=60)
            self.assertEqual(p.returncode, code, err)
            self.assertIn("certificate", json.loads(out))


if __name__ == "__main__":
    unittest.main()
