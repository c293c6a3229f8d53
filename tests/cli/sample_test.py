"""`ponder sample`: fields, files, resumption after a kill, terms, --verify, and refusals."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

from ponder_cli import ANSWER, PONDER, TINY, lines, run

BASE = ["sample", "-m", TINY, "-no-cnv", "-p", "the river", "--max-length", "8"]


def draws(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(x) for x in f]


class Sample(unittest.TestCase):
    def test_json_has_every_field(self):
        (j,) = lines(run(*BASE, "--draws", "20", "--alpha", "1.5", "--json"))
        fields = "alpha kernel chains draws replies diagnostics verdict file".split()
        self.assertEqual(list(j), ANSWER + fields)
        self.assertEqual((j["alpha"], j["kernel"], j["chains"], j["draws"], j["file"]), (1.5, "suffix", 4, 20, None))
        self.assertEqual(sum(r["count"] for r in j["replies"]), 4 * 20)
        for r in j["replies"]:
            self.assertEqual(set(r), {"reply", "reply_ids", "count", "logprob"})
        for name in "rhat ess_bulk ess_tail acceptance_rate ess_per_second".split():
            self.assertLessEqual({"logprob", "length"}, set(j["diagnostics"][name]))
        request = json.dumps({"prompt": "the river", "reply_ids": j["reply_ids"]}) + "\n"
        score = lines(run("score", "-m", TINY, "--input", "-", "--jsonl", stdin=request.encode()))[0]
        self.assertAlmostEqual(score["sum"], j["logprob"], places=9)

    def test_for_people(self):
        out = run(*BASE, "--draws", "20").stdout.decode(errors="replace")  # a tiny model's reply may be any bytes
        for part in ("R-hat", "logprob", "distance", "% of", "converged"):
            self.assertIn(part, out)

    def test_chains_that_do_not_move_are_told_and_not_to_be_drawn_more_often(self):
        stuck = [*BASE, "--kernel", "hmc:angle=1e-7", "--alpha", "1", "--warmup", "0", "--draws", "30"]
        (j,) = lines(run(*stuck, "--json"))
        self.assertEqual(j["verdict"]["stuck"], [0, 1, 2, 3])
        self.assertIsNone(j["diagnostics"]["rhat"]["logprob"])  # R-hat is infinite
        self.assertIn("4 of 4 chains do not move", j["verdict"]["reason"])
        self.assertIn("--kernel ", j["verdict"]["advice"])
        self.assertNotIn("draw", j["verdict"]["advice"])
        self.assertEqual(lines(run(*BASE, "--allow-ids", "294,5,70", "--alpha", "1", "--draws", "100", "--json"))[0]["verdict"]["stuck"], [])

    def test_what_is_no_number_keeps_its_column(self):
        out = run(*BASE, "--kernel", "hmc:angle=1e-7", "--alpha", "1", "--warmup", "0", "--draws", "30").stdout.decode(errors="replace")
        table = out[out.index("\n\n") + 2 :].split("\n")[:4]
        self.assertEqual({len(row) for row in table}, {len(table[0])}, table)
        at = table[0].index("R-hat") + len("R-hat") - 1
        self.assertEqual(table[1][at], "—", table)
        self.assertNotRegex("\n".join(table), "nan|inf")

    def test_a_run_is_not_overwritten_unless_told(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "draws.jsonl")
            args = [*BASE, "--draws", "5", "--warmup", "2", "--out", path]
            self.assertEqual(run(*args).returncode, 0)
            first = draws(path)
            again = run(*args, "--seed", "7")
            self.assertEqual((again.returncode, again.stdout), (2, b""))
            self.assertIn("exists already", again.stderr.decode())
            self.assertIn("give --force to replace it, or --resume to go on with it", again.stderr.decode())
            self.assertEqual(draws(path), first)
            os.remove(path)  # a run that was stopped in its warm-up has only a checkpoint
            self.assertEqual(run(*args).returncode, 2)
            self.assertEqual(run(*args, "--resume").returncode, 0)
            self.assertEqual(draws(path), first)
            self.assertEqual(run(*args, "--seed", "7", "--force").returncode, 0)
            self.assertNotEqual(draws(path), first)
            self.assertEqual(run(*args, "--force", "--resume").returncode, 2)

    def test_many_short_chains_have_a_nested_rhat(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "draws.jsonl")
            (j,) = lines(run(*BASE, "--alpha", "1", "--chains", "16", "--draws", "12", "--warmup", "3", "--json", "--out", path))
            chains = [[x["logprob"] for x in draws(path) if x["chain"] == c] for c in range(16)]
        mean = lambda xs: sum(xs) / len(xs)  # noqa: E731
        variance = lambda xs: sum((x - mean(xs)) ** 2 for x in xs) / (len(xs) - 1)  # noqa: E731
        # Margossian et al. 2024, equations 6 to 9: 4 superchains of 4 chains.
        means = [mean(c) for c in chains]
        groups = [means[k : k + 4] for k in range(0, 16, 4)]
        within = mean([variance(g) for g in groups]) + mean([variance(c) for c in chains])
        self.assertAlmostEqual(j["diagnostics"]["rhat_nested"]["logprob"], (1 + variance([mean(g) for g in groups]) / within) ** 0.5, places=9)
        sd = variance([x for c in chains for x in c]) ** 0.5
        self.assertTrue(sd / 20 < j["diagnostics"]["mcse"]["logprob"] < sd)
        few = lines(run(*BASE, "--draws", "12", "--warmup", "3", "--json"))[0]
        self.assertIsNone(few["diagnostics"]["rhat_nested"]["logprob"])

    def test_moves_swaps_and_step_sizes(self):
        args = [*BASE, "--kernel", "exchange+suffix+hmc", "--rungs", "3", "--draws", "30", "--warmup", "20"]
        d = lines(run(*args, "--json"))[0]["diagnostics"]
        self.assertEqual([m["name"] for m in d["moves"]], ["refresh", "swap", "suffix", "hmc"])
        suffix = d["moves"][2]
        self.assertEqual(sum(p["n"] for p in suffix["by_position"]), suffix["n"])
        self.assertEqual(sum(p["accepted"] for p in suffix["by_position"]), suffix["accepted"])
        self.assertEqual([[round(a, 9) for a in s["alphas"]] for s in d["swaps"]], [[1, 2], [2, 4]])
        for s in d["swaps"]:
            self.assertEqual(s["n"], 4 * 30)
            self.assertTrue(0 < s["accepted"] <= s["n"], s)
        self.assertEqual(sum(s["accepted"] for s in d["swaps"]), d["moves"][1]["accepted"])
        (step,) = d["step_sizes"]
        self.assertEqual((step["move"], step["name"]), ("hmc", "angle"))
        self.assertNotEqual(step["value"], 0.3)
        self.assertLessEqual(step["value"], 3.1416 / 2 / 3)
        out = run(*args).stdout.decode(errors="replace")
        for part in ("MCSE", "swaps of alpha 1 with 2: ", "warm-up settled on hmc angle of "):
            self.assertIn(part, out)
        given = lines(run(*BASE, "--kernel", "hmc:angle=0.2", "--draws", "4", "--json"))[0]
        self.assertEqual(given["diagnostics"]["step_sizes"], [])

    def test_lines_in_lines_out(self):
        requests = '{"prompt":"the river"}\n{"prompt":3}\n{"prompt_ids":[1,5]}\n'
        r = run("sample", "-m", TINY, "--max-length", "6", "--draws", "4", "--warmup", "2", "--input", "-", stdin=requests.encode())
        self.assertEqual(r.returncode, 2)
        self.assertEqual([("error" in x) for x in lines(r)], [False, True, False])

    def test_the_same_draws_for_any_threads_in_a_file(self):
        with tempfile.TemporaryDirectory() as d:
            files = []
            for threads in ("1", "2"):
                path = os.path.join(d, threads + ".jsonl")
                self.assertEqual(run(*BASE, "--draws", "15", "--kernel", "suffix:tries=2+gibbs", "-t", threads, "--out", path).returncode, 0)
                files.append(draws(path))
            self.assertEqual(len(files[0]), 4 * 15)
            self.assertEqual(files[0], files[1])

    def test_killed_and_resumed_it_draws_what_it_would_have_drawn(self):
        with tempfile.TemporaryDirectory() as d:
            whole, parts = os.path.join(d, "whole.jsonl"), os.path.join(d, "parts.jsonl")
            args = [*BASE, "--kernel", "suffix+insert-delete", "--chains", "8", "--draws", "400"]
            self.assertEqual(run(*args, "--out", whole).returncode, 0)
            p = subprocess.Popen([PONDER, *args, "--out", parts], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not os.path.exists(parts + ".checkpoint") and p.poll() is None:
                time.sleep(0.01)
            p.send_signal(signal.SIGKILL)
            p.wait()
            self.assertEqual(p.returncode, -signal.SIGKILL, "it was through before it was killed")
            with open(parts + ".checkpoint.1-0.part", "w", encoding="utf-8"):
                pass  # simulates a run that was killed while it wrote
            r = run(*args, "--out", parts, "--resume")
            self.assertEqual([f for f in os.listdir(d) if f.endswith(".part")], [])
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertEqual(draws(parts), draws(whole))
            more = run(*args[:-1], "500", "--out", parts, "--resume")
            self.assertEqual(more.returncode, 0, more.stderr)
            self.assertEqual([x for x in draws(parts) if x["draw"] < 400], draws(whole))
            other = run(*args, "--alpha", "2", "--out", parts, "--resume")
            self.assertEqual(other.returncode, 2)
            self.assertIn("another model, prompt, target or kernel", other.stderr.decode())

    def test_interrupted_it_tells_what_it_has(self):
        with tempfile.TemporaryDirectory() as d:
            file = os.path.join(d, "draws.jsonl")
            args = [PONDER, *BASE, "--warmup", "0", "--draws", "1000000", "--json", "--out", file]
            p = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            while not os.path.exists(file + ".checkpoint") and p.poll() is None:
                time.sleep(0.01)
            p.send_signal(signal.SIGINT)
            out, err = p.communicate(timeout=60)
            self.assertEqual(p.returncode, 130, err)
            self.assertGreater(json.loads(out)["draws"], 0)
            self.assertEqual(len(draws(file)), 4 * json.loads(out)["draws"])

    def test_terms_change_the_draws(self):
        def replies(*args):
            return lines(run(*BASE, "--draws", "30", "--alpha", "1", "--json", *args))[0]["replies"]

        common = max(replies(), key=lambda r: r["count"])["reply_ids"]
        word = lines(run("detokenize", "-m", TINY, "--ids", ",".join(map(str, common[:1])), "--json"))[0]
        if "text" in word and word["text"].strip():
            self.assertNotIn(common, [r["reply_ids"] for r in replies("--term", "forbid:hard:" + word["text"])])
        mean = lambda rs: sum(r["count"] * len(r["reply_ids"]) for r in rs) / sum(r["count"] for r in rs)  # noqa: E731
        self.assertGreater(mean(replies("--length-prior", "2")), mean(replies("--length-prior", "-2")))
        for term in ("repetition:1", "copy:0.5:2", "canonical:hard", "keyword:1:a", "frozen:1:0=a"):
            self.assertTrue(replies("--term", term), term)

    def test_the_law_is_verified(self):
        r = run("sample", "-m", TINY, "-no-cnv", "-p", "the river", "--verify", "--alpha", "2", "--json", "--kernel", "suffix:tries=4")
        (j,) = lines(r)
        self.assertEqual((r.returncode, j["passed"]), (0, True), j)
        self.assertLessEqual(j["floor"], 0.02)
        self.assertLessEqual(j["tv"], 2 * j["floor"])
        early = run("sample", "-m", TINY, "-no-cnv", "-p", "the river", "--verify", "--budget", "0.01s")
        self.assertEqual(early.returncode, 1)
        self.assertIn(b"UNDECIDED", early.stdout)

    def test_what_it_refuses(self):
        for part, *args in (
            ("one of the kernels", "--kernel", "sufix"),
            ("did you mean suffix?", "--kernel", "sufix"),
            ("ends in .nc or .jsonl", "--out", "draws.csv"),
            ("--resume", "--resume"),
            ("a weight in nats", "--term", "copy:much"),
            ("did you mean copy?", "--term", "cpoy:1"),
            ("no word", "--term", "keyword:1"),
            ("MEAN,DEVIATION", "--length-prior", "long"),
        ):
            r = run(*BASE, *args)
            self.assertEqual(r.returncode, 2, (args, r.stderr))
            self.assertIn(part, r.stderr.decode())
        with tempfile.TemporaryDirectory() as d:
            self.assertEqual(run(*BASE, "--out", os.path.join(d, "none", "x.nc")).returncode, 1)


if __name__ == "__main__":
    unittest.main()
