"""The command line on the small models of the repository: formats, exit codes, bad input, signals."""

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
import unittest

PONDER = os.environ["PONDER"]
DATA = os.path.join(os.environ["PONDER_SOURCE_DIR"], "tests", "data")
TINY = os.path.join(DATA, "tiny", "llama-tied", "model.gguf")
TOY = os.path.join(DATA, "toy", "ponder-toy.gguf")


def run(*args, stdin=None, env=None, **kw):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PONDER_")}
    return subprocess.run([PONDER, *args], input=stdin, capture_output=True, timeout=120, env={**clean, **(env or {})}, **kw)


def lines(r):
    return [json.loads(x) for x in r.stdout.decode().splitlines()]


def jsonl(*rows):
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows).encode()


class Formats(unittest.TestCase):
    def test_tokenize_and_back(self):
        r = run("tokenize", "-m", TINY, "--input", "-", "--jsonl", stdin=jsonl({"text": "the river <|im_end|>"}, {"hex": "ff41"}))
        a, b = lines(r)
        self.assertIn(294, a["ids"])
        plain = lines(run("tokenize", "-m", TINY, "--no-parse-special", "-p", "the river <|im_end|>", "--json"))[0]["ids"]
        self.assertNotIn(294, plain)
        back = lines(run("detokenize", "-m", TINY, "--input", "-", "--jsonl", stdin=jsonl(a, b)))
        self.assertEqual(back[0], {"text": "the river <|im_end|>"})
        self.assertEqual(back[1]["hex"], "ff41")

    def test_generate_json_has_every_field(self):
        r = run("generate", "-m", TINY, "-no-cnv", "-p", "the river", "-n", "12", "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        (j,) = lines(r)
        for key in "reply reply_ids logprob n_tokens ended repetition canonical target cost seed precision model version".split():
            self.assertIn(key, j)
        self.assertEqual(set(j["cost"]), {"tokens_decoded", "tokens_scored", "tokens_backward", "seconds"})
        self.assertEqual(j["n_tokens"], len(j["reply_ids"]))
        self.assertLessEqual(j["n_tokens"], 12)
        score = lines(run("score", "-m", TINY, "--input", "-", "--jsonl", stdin=jsonl({"prompt": "the river", "reply_ids": j["reply_ids"]})))[0]
        self.assertAlmostEqual(score["sum"], j["logprob"], places=9)

    def test_think_and_prove(self):
        small = ["-m", TINY, "-no-cnv", "-p", "the", "--allow-ids", "294,10,20,30", "--max-length", "5", "--json"]
        (t,) = lines(run("think", *small))
        for key in "first gain methods certificate reply logprob".split():
            self.assertIn(key, t)
        self.assertGreaterEqual(t["gain"] if t["first"]["ended"] else 0, 0)
        self.assertEqual(t["certificate"]["status"], "optimal")
        self.assertEqual(set(t["certificate"]), {"status", "claim", "gap", "margin", "horizon", "expanded"})
        (p,) = lines(run("prove", *small, "--n-best", "3"))
        self.assertEqual(p["reply_ids"], t["reply_ids"])
        self.assertEqual(len(p["n_best"]), 3)
        self.assertEqual(p["n_best"], sorted(p["n_best"], key=lambda x: -x["logprob"]))
        self.assertGreater(p["mass"], 0)
        for target, extra in (("fixed", ["--length", "3"]), ("truncated", [])):
            (f,) = lines(run("prove", "-m", TINY, "-no-cnv", "-p", "the", "--allow-ids", "294,10,20", "--target", target, "--json", *(extra or ["-n", "3"])))
            self.assertEqual(f["target"], target)
            self.assertEqual(f["certificate"]["claim"], target)

    def test_think_for_people_on_the_toy(self):
        r = run("think", "-m", TOY, "-p", "What is 2 + 3?")
        self.assertEqual(r.returncode, 0, r.stderr)
        out = r.stdout.decode()
        self.assertTrue(out.startswith("first   "), out)
        self.assertIn("log p ", out)
        self.assertIn("prefixes expanded", out)

    def test_score_with_alpha_logits_and_end(self):
        with tempfile.TemporaryDirectory() as d:
            r = run("score", "-m", TINY, "--input", "-", "--jsonl", "--alpha", "2", "--logits", d,
                    stdin=jsonl({"prompt_ids": [1, 2], "reply": "river", "end": True}, {"prompt_ids": [1, 2], "reply_ids": []}))
            a, b = lines(r)
            self.assertEqual(len(a["lz"]), len(a["logprobs"]))
            self.assertTrue(all(x <= 0 for x in a["lz"]))
            self.assertEqual(a["reply_ids"][-1], 294)
            self.assertEqual(b["logprobs"], [])
            for k in (0, 1):
                with open(f"{d}/{k}.npy", "rb") as f:
                    head = f.read(128)
                self.assertIn(b"'shape': (300,)", head)
                self.assertEqual(os.path.getsize(f"{d}/{k}.npy"), 128 + 4 * 300)

    def test_messages_through_the_template(self):
        r = run("score", "-m", TOY, "--input", "-", "--jsonl", "--template-only", stdin=jsonl({"messages": [{"role": "user", "content": "What is 2 + 3?"}]}))
        (j,) = lines(r)
        self.assertIn("What is 2 + 3?", j["rendered"])
        self.assertGreater(len(j["prompt_ids"]), 3)

    def test_info(self):
        j = lines(run("info", "-m", TINY, "--json"))[0]
        self.assertEqual(j["architecture"], "llama")
        self.assertEqual(j["vocabulary"], 300)
        self.assertIn("llama", run("info", "-m", TINY).stdout.decode())


class SameNumbers(unittest.TestCase):
    def test_same_seed_same_bytes_for_any_threads(self):
        outs = []
        for t in ("1", "2", "4"):
            r = run("generate", "-m", TINY, "-no-cnv", "-p", "the", "-n", "30", "--temp", "1.2", "--seed", "7", "-t", t, "--json")
            j = lines(r)[0]
            del j["cost"]
            outs.append(j)
        self.assertEqual(outs[0], outs[1])
        self.assertEqual(outs[0], outs[2])
        other = lines(run("generate", "-m", TINY, "-no-cnv", "-p", "the", "-n", "30", "--temp", "1.2", "--seed", "8", "--json"))[0]
        self.assertNotEqual(other["reply_ids"], outs[0]["reply_ids"])

    def test_a_line_scores_the_same_alone_and_in_a_batch(self):
        rows = [{"prompt_ids": [5, i % 3], "reply_ids": [(7 * i + k) % 290 for k in range(1 + i % 6)]} for i in range(150)]
        for precision in ("f32", "bf16"):
            args = ["score", "-m", TINY, "--input", "-", "--jsonl", "--precision", precision]
            together = lines(run(*args, stdin=jsonl(*rows)))
            self.assertEqual(len(together), len(rows))
            for i in (0, 17, 63, 64, 149):
                self.assertEqual(lines(run(*args, stdin=jsonl(rows[i])))[0], together[i])

    def test_score_of_many_lines_in_constant_memory(self):
        def peak(n):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            r = run("score", "-m", TINY, "--input", "-", "--jsonl", stdin=jsonl(*({"prompt_ids": [i % 290, 3], "reply_ids": [1, 2, 3]} for i in range(n))))
            self.assertEqual(len(r.stdout.splitlines()), n)
            return max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)

        small = peak(100)
        self.assertLess(peak(5000), small + 20_000)  # KB


class BadInput(unittest.TestCase):
    def fails(self, code, part, *args, **kw):
        r = run(*args, **kw)
        self.assertEqual(r.returncode, code, (args, r.stderr))
        self.assertIn(part, r.stderr.decode(), args)
        self.assertEqual(r.stdout, b"", args)

    def test_models(self):
        with tempfile.TemporaryDirectory() as d:
            self.fails(2, "No such file", "info", "-m", d + "/none.gguf")
            self.fails(2, "a directory", "info", "-m", d)
            with open(TINY, "rb") as f:
                cut = f.read(5000)
            for name, content, part in (("empty", b"", "an empty file"), ("page", b"<!DOCTYPE html>", "a web page"), ("cut", cut, "byte")):
                with open(f"{d}/{name}", "wb") as f:
                    f.write(content)
                self.fails(2, part, "generate", "-no-cnv", "-p", "x", "-m", f"{d}/{name}")
            self.fails(2, "quickstart", "info", env={"XDG_CACHE_HOME": d})

    def test_usage(self):
        self.fails(2, "--predict", "generate", "-m", TINY, "-p", "x", "-n", "0")
        self.fails(2, "did you mean --temp?", "generate", "-m", TINY, "-p", "x", "--tmp", "1")
        self.fails(2, "did you mean ponder generate?", "generat")
        self.fails(2, "a prompt", "generate", "-m", TINY)
        self.fails(2, "at most 128 tokens", "generate", "-m", TINY, "-no-cnv", "-p", "the river " * 100)
        self.fails(2, "at most 128 tokens", "generate", "-m", TINY, "-no-cnv", "-p", "the", "-n", "500")
        self.fails(2, "--chat-template", "generate", "-m", TINY, "-p", "x")
        self.fails(2, "a budget as", "think", "-m", TINY, "-no-cnv", "-p", "x", "--budget", "soon")
        self.fails(2, "--length N", "prove", "-m", TINY, "-no-cnv", "-p", "x", "--target", "fixed")
        self.fails(2, "an end token among", "prove", "-m", TINY, "-no-cnv", "-p", "x", "--allow-ids", "5,6")
        self.fails(2, "allowed ids from 0 to 299", "prove", "-m", TINY, "-no-cnv", "-p", "x", "--allow-ids", "5,300")
        self.fails(2, "a readable file", "score", "-m", TINY, "--input", "/nonexistent", "--jsonl")
        self.fails(2, "", "generate", "-m", TINY, "-p", "x", "-t", "0")

    def test_broken_lines_answer_in_place(self):
        rows = jsonl({"prompt_ids": [1], "reply_ids": [2]}, "{broken", {"prompt_ids": [1], "reply_ids": [300]}, {"reply_ids": [2]}, [1], "",
                     {"prompt": "a", "prompt_ids": [1], "reply": ""}, {"prompt_ids": [1], "reply_id": [2]}, {"prompt_ids": [], "reply_ids": [2]},
                     {"prompt_ids": [1] * 200, "reply_ids": [2]}, {"prompt_ids": [1], "reply_ids": [2], "note": "mine"}) + b'{"prompt":"\xff","reply":"x"}\n'
        r = run("score", "-m", TINY, "--input", "-", "--jsonl", stdin=rows)
        self.assertEqual(r.returncode, 2)
        got = lines(r)
        self.assertEqual([("error" in g) for g in got], [False] + [True] * 9 + [False, True])
        self.assertEqual([g["error"]["line"] for g in got if "error" in g], [*range(1, 10), 11])
        self.assertEqual(got[0]["logprobs"], got[10]["logprobs"])
        self.assertIn("reply_ids", got[7]["error"]["message"])

    def test_any_bytes_as_a_prompt(self):
        r = subprocess.run([PONDER, "generate", "-m", TINY, "-no-cnv", "-p", b"\xff\xfe the", "-n", "4", "--json"], capture_output=True, timeout=60)
        self.assertEqual(r.returncode, 0, r.stderr)
        json.loads(r.stdout)

    def test_environment_is_read_and_flags_win(self):
        j = lines(run("generate", "-no-cnv", "-p", "the", "--json", env={"PONDER_MODEL": TINY, "PONDER_PREDICT": "5", "PONDER_TARGET": "truncated"}))[0]
        self.assertEqual((j["target"], j["n_tokens"] <= 5), ("truncated", True))
        j = lines(run("generate", "-no-cnv", "-p", "the", "-n", "3", "--json", env={"PONDER_MODEL": TINY, "PONDER_PREDICT": "5"}))[0]
        self.assertLessEqual(j["n_tokens"], 3)

    def test_disk_full_and_closed_pipe(self):
        with open("/dev/full", "wb") as full:
            r = subprocess.run([PONDER, "tokenize", "-m", TINY, "-p", "the river", "--json"], stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(r.returncode, 1)
        self.assertIn(b"to write to stdout", r.stderr)
        p = subprocess.Popen([PONDER, "score", "-m", TINY, "--input", "-", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.close()
        try:
            p.stdin.write(jsonl(*({"prompt_ids": [1], "reply_ids": [2]} for _ in range(300))))
            p.stdin.close()
        except BrokenPipeError:
            pass
        self.assertEqual(p.wait(timeout=60), 0)
        self.assertEqual(p.stderr.read(), b"")
        p.stderr.close()

    def test_signals_print_the_best_so_far(self):
        for sig, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            p = subprocess.Popen([PONDER, "think", "-m", TINY, "-no-cnv", "-p", "the river", "--budget", "60s", "--target", "fixed", "--length", "60", "--json"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(1.5)
            p.send_signal(sig)
            out, err = p.communicate(timeout=20)
            self.assertEqual(p.returncode, code, err)
            self.assertIn("logprob", json.loads(out))

    def test_help_ends_with_examples(self):
        for command in "generate score tokenize detokenize think prove info bench".split():
            out = run(command, "--help").stdout.decode()
            self.assertIn("Examples:", out)
            self.assertGreaterEqual(out[out.index("Examples:"):].count("ponder "), 2)


if __name__ == "__main__":
    unittest.main()
