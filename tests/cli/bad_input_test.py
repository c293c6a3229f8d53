"""Bad input, broken files, full disks, closed pipes and signals: exit codes and messages."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

from ponder_cli import DATA, PONDER, TINY, jsonl, lines, run


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
            self.fails(2, "not a regular file", "info", "-m", "/dev/zero")
            os.mkfifo(d + "/pipe")
            self.fails(2, "not a regular file", "info", "-m", d + "/pipe")
            with open(TINY, "rb") as f:
                cut = f.read(5000)
            for name, content, part in (("empty", b"", "an empty file"), ("page", b"<!DOCTYPE html>", "a web page"), ("cut", cut, "byte")):
                with open(f"{d}/{name}", "wb") as f:
                    f.write(content)
                self.fails(2, part, "generate", "-no-cnv", "-p", "x", "-m", f"{d}/{name}")
            self.fails(2, "quickstart", "info", env={"XDG_CACHE_HOME": d})

    def test_what_a_model_file_says(self):
        with open(TINY, "rb") as f:
            good = f.read()
        with tempfile.TemporaryDirectory() as d:
            def changed(old, new):
                self.assertEqual((good.count(old) > 0, len(new)), (True, len(old)))
                with open(d + "/m.gguf", "wb") as f:
                    f.write(good.replace(old, new))
                return d + "/m.gguf"

            # An unknown key may change the numbers, so it is refused. A name may contain any bytes,
            # but must not send control sequences to the terminal.
            self.fails(2, "llama.vocab_sizf = 300", "info", "-m", changed(b"llama.vocab_size", b"llama.vocab_sizf"))
            self.fails(2, "no such tensor", "info", "-m", changed(b"blk.1.ffn_up.weight", b"blk.1.ffn_ux.weight"))
            named = changed(b"tiny-llama-tied", b"tiny\xff\x1b[31m-tied")
            self.assertIn("tiny\ufffd", lines(run("info", "-m", named, "--json"))[0]["name"])
            self.assertNotIn(b"\x1b", run("info", "-m", named).stdout)
            r = run("info", "-m", changed(b"\x05" + bytes(7) + b"llama", b"\x05" + bytes(7) + b"ll\x1b\xffa"))
            self.assertEqual((r.returncode, b"\x1b" in r.stderr, b"\\x1b" in r.stderr), (2, False, True), r.stderr)

    def test_usage(self):
        self.fails(2, "--predict", "generate", "-m", TINY, "-p", "x", "-n", "0")
        self.fails(2, "did you mean --temp?", "generate", "-m", TINY, "-p", "x", "--tmp", "1")
        self.fails(2, "did you mean ponder generate?", "generat")
        self.fails(2, "did you mean --temp?", "generate", "-m", TINY, "-p", "x", "-temp", "1")
        self.fails(2, "a text", "generate", "-m", TINY)
        self.fails(2, "a text", "tokenize", "-m", TINY)
        self.fails(2, "excludes", "generate", "-m", TINY, "-p", "x", "-no-cnv", "-sys", "y")
        self.fails(2, "a number from 0", "generate", "-m", TINY, "-no-cnv", "-p", "x", "-s", "-1")
        self.fails(2, "nan", "score", "-m", TINY, "-no-cnv", "-p", "x", "--reply", "y", "--alpha", "nan")
        self.fails(2, "at most 128 tokens", "score", "-m", TINY, "-no-cnv", "-p", "the river " * 100, "--reply", "x")
        self.fails(2, "at most 128 tokens", "think", "-m", TINY, "-no-cnv", "-p", "the river " * 100)
        for command in "generate score tokenize detokenize think prove info bench".split():
            self.fails(2, "did you mean --model?", command, "--modle", TINY)
        self.fails(2, "at most 128 tokens", "generate", "-m", TINY, "-no-cnv", "-p", "the river " * 100)
        self.fails(2, "at most 128 tokens", "generate", "-m", TINY, "-no-cnv", "-p", "the", "-n", "500")
        self.fails(2, "--chat-template", "generate", "-m", TINY, "-p", "x")
        self.fails(2, "a budget as", "think", "-m", TINY, "-no-cnv", "-p", "x", "--budget", "soon")
        self.fails(2, "--length N", "prove", "-m", TINY, "-no-cnv", "-p", "x", "--target", "fixed")
        self.fails(2, "an end token among", "prove", "-m", TINY, "-no-cnv", "-p", "x", "--allow-ids", "5,6")
        self.fails(2, "allowed ids from 0 to 299", "prove", "-m", TINY, "-no-cnv", "-p", "x", "--allow-ids", "5,300")
        self.fails(2, "a readable file", "score", "-m", TINY, "--input", "/nonexistent", "--jsonl")
        self.fails(2, "", "generate", "-m", TINY, "-p", "x", "-t", "0")
        self.fails(2, "a reply to differentiate", "grad", "-m", TINY, "-p", "x")

    def test_broken_lines_answer_in_place(self):
        rows = jsonl({"prompt_ids": [1], "reply_ids": [2]}, "{broken", {"prompt_ids": [1], "reply_ids": [300]}, {"reply_ids": [2]}, [1], "",
                     {"prompt": "a", "prompt_ids": [1], "reply": ""}, {"prompt_ids": [1], "reply_id": [2]}, {"prompt_ids": [], "reply_ids": [2]},
                     {"prompt_ids": [1] * 200, "reply_ids": [2]}, {"prompt_ids": [1], "reply_ids": [2], "end": False},
                     {"prompt_ids": [1], "reply_ids": [2], "temperature": 1}, '{"prompt_ids":' + "[" * 100_000 + "]" * 100_000 + "}") + b'{"prompt":"\xff","reply":"x"}\n'
        r = run("score", "-m", TINY, "--input", "-", "--jsonl", stdin=rows)
        self.assertEqual(r.returncode, 2)
        got = lines(r)
        self.assertEqual([("error" in g) for g in got], [False] + [True] * 9 + [False] + [True] * 3)
        self.assertEqual([g["error"]["line"] for g in got if "error" in g], [*range(1, 10), 11, 12, 13])
        self.assertTrue(all(set(g["error"]) == {"line", "message"} for g in got if "error" in g))
        self.assertEqual(got[0]["logprobs"], got[10]["logprobs"])
        self.assertIn('did you mean "reply_ids"?', got[7]["error"]["message"])
        self.assertIn("a known key", got[11]["error"]["message"])
        self.assertIn("nesting", got[12]["error"]["message"])

    def test_one_line_that_fails_takes_no_other_with_it(self):
        # Together the rows need more keys and values than fit. Row 7 alone is longer than the
        # context.
        rows = [{"prompt_ids": [i, *([7] * 3000)], "reply_ids": [2]} for i in range(20)]
        rows[7]["prompt_ids"] *= 3
        r = run("score", "-m", TINY, "--input", "-", "--jsonl", "-c", "8192", stdin=jsonl(*rows))
        self.assertEqual(r.returncode, 2, r.stderr)
        got = lines(r)
        self.assertEqual([i for i, g in enumerate(got) if "error" in g], [7])
        self.assertIn("9004", got[7]["error"]["message"])

    def test_other_commands_answer_broken_lines_in_place(self):
        for command in ("generate", "think", "prove", "tokenize", "detokenize"):
            good = {"text": "a"} if command == "tokenize" else {"ids": [5]} if command == "detokenize" else {"prompt_ids": [1]}
            extra = [] if "token" in command else ["-n", "2", "--allow-ids", "294,5"]
            r = run(command, "-m", TINY, "--input", "-", "--jsonl", *extra, stdin=jsonl(good, "{", {}, good))
            self.assertEqual(r.returncode, 2, (command, r.stderr))
            self.assertEqual([g.get("error", {}).get("line") for g in lines(r)], [None, 1, 2, None], command)

    def test_any_bytes_as_a_prompt(self):
        r = subprocess.run([PONDER, "generate", "-m", TINY, "-no-cnv", "-p", b"\xff\xfe the", "-n", "4", "--json"], capture_output=True, timeout=60)
        self.assertEqual(r.returncode, 0, r.stderr)
        json.loads(r.stdout)

    def test_environment_is_read_and_flags_win(self):
        j = lines(run("generate", "-no-cnv", "-p", "the", "--json", env={"PONDER_MODEL": TINY, "PONDER_PREDICT": "5", "PONDER_TARGET": "truncated"}))[0]
        self.assertEqual((j["target"], j["n_tokens"] <= 5), ("truncated", True))
        base = ["generate", "-no-cnv", "-p", "the", "--json"]
        j = lines(run(*base, "-n", "3", env={"PONDER_MODEL": TINY, "PONDER_PREDICT": "wrong", "PONDER_FILE": "/nonexistent"}))[0]
        self.assertLessEqual(j["n_tokens"], 3)
        j = lines(run(*base, env={"PONDER_MODEL": TINY, "PONDER_MAX_LENGTH": "2"}))[0]  # --max-length is another name of --predict
        self.assertLessEqual(j["n_tokens"], 2)
        j = lines(run("generate", env={"PONDER_MODEL": TINY, "PONDER_NO_CONVERSATION": "1", "PONDER_PROMPT": "the", "PONDER_JSON": "true", "PONDER_SEED": "9",
                                       "PONDER_TEMP": "1", "PONDER_ALLOW_IDS": "294,5", "PONDER_PREDICT": "4"}))[0]
        self.assertEqual(j["seed"], 9)
        self.assertLessEqual(set(j["reply_ids"]), {5, 294})
        self.fails(2, "wrong", *base, env={"PONDER_MODEL": TINY, "PONDER_PREDICT": "wrong"})
        self.assertEqual(run("info", env={"PONDER_MODEL": TINY, "PONDER_PREDICT": "wrong"}).returncode, 0)  # info has no flag --predict

    def test_memory_and_context_errors_come_before_the_work(self):
        gemma, most = os.path.join(DATA, "tiny", "gemma3", "model.gguf"), 1 << 24
        need = most * lines(run("info", "-m", gemma, "--json"))[0]["kv_bytes_per_token"]
        with open("/proc/meminfo") as f:
            free = next(int(x.split()[1]) for x in f if x.startswith("MemAvailable")) * 1024
        if need > free / 2:  # 33 GB, which is more than most machines have free
            self.fails(1, f"{need >> 20} MB for the keys and values of {most} tokens", "generate", "-m", gemma, "-no-cnv", "-p", "the", "-c", str(most))
        self.fails(2, "a context of at most 128 tokens", "generate", "-m", os.path.join(DATA, "tiny", "gpt2", "model.gguf"), "-no-cnv", "-p", "the", "-c", "129")

    def test_disk_full(self):
        one = ["-m", TINY, "-no-cnv", "-p", "the river"]
        for args in (["tokenize", "-m", TINY, "-p", "the river", "--json"], ["detokenize", "-m", TINY, "--ids", "5"], ["info", "-m", TINY],
                     ["generate", *one], ["generate", *one, "--json"], ["score", *one, "--reply", "x"], ["score", *one, "--reply", "x", "--json"],
                     ["think", *one, "--budget", "20t"], ["prove", *one, "--budget", "20t", "--json"], ["--help"], ["--version"]):
            with open("/dev/full", "wb") as full:
                r = subprocess.run([PONDER, *args], stdout=full, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(r.returncode, 1, args)
            self.assertIn(b"to write to stdout", r.stderr, args)
        rows = jsonl(*({"prompt_ids": [1], "reply_ids": [2]} for _ in range(300)))
        with open("/dev/full", "wb") as full:
            r = subprocess.run([PONDER, "score", "-m", TINY, "--input", "-", "--jsonl"], input=rows, stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((r.returncode, r.stderr.count(b"to write to stdout")), (1, 1))
        with tempfile.TemporaryDirectory() as d:  # a file that cannot be written is not an error of one line: it stops the run
            os.symlink("/dev/full", d + "/0.npy")
            r = run("score", "-m", TINY, "--input", "-", "--jsonl", "--logits", d, stdin=rows)
            self.assertEqual((r.returncode, r.stdout), (1, b""))
            self.assertIn(b"0.npy", r.stderr)

    def test_closed_pipe(self):
        p = self.long_stream()
        p.stdout.read(10)
        p.stdout.close()
        self.assertEqual((p.wait(timeout=60), p.stderr.read()), (0, b""))
        p.stderr.close()
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

    def long_stream(self):
        return subprocess.Popen([PONDER, "generate", "-m", TINY, "-no-cnv", "-p", "the river", "-c", "60000", "--target", "fixed", "--length", "50000"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_a_signal_in_mid_stream_ends_the_line(self):
        for sig, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            p = self.long_stream()
            head = p.stdout.read(20)  # text arrives while the rest of the reply is being made
            p.send_signal(sig)
            tail, err = p.communicate(timeout=60)
            self.assertEqual((p.returncode, err), (code, b""))
            self.assertTrue((head + tail).endswith(b"\n"))
        p = subprocess.Popen([PONDER, "score", "-m", TINY, "--input", "-", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdin.write(jsonl({"prompt_ids": [1], "reply_ids": [2]}))
        p.stdin.flush()
        time.sleep(1)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=60)
        self.assertEqual((p.returncode, err), (130, b""))
        self.assertIn("sum", json.loads(out))  # lines that had been read are answered

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
        for command in "generate score grad tokenize detokenize think prove info bench".split():
            out = run(command, "--help").stdout.decode()
            self.assertIn("Examples:", out)
            self.assertGreaterEqual(out[out.index("Examples:"):].count("ponder "), 2)


if __name__ == "__main__":
    unittest.main()
