"""The first things that a newcomer meets: how a prompt is given, help, hints, completion, the man
page, stopping, co-processes."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from ponder_cli import DATA, PONDER, TINY, TOY, jsonl, lines, run

COMMANDS = "generate score grad tokenize detokenize sample think prove answer calibrate decide landscape design serve models info bench".split()
QUESTION = "What is the sum of 14 and 8?"
ASK = ("-m", TOY, "-n", "12")


def screen_of(command, flag="--help"):
    return run(command, flag).stdout.decode().splitlines()


class Prompts(unittest.TestCase):
    def replies(self, command, *args, **kw):
        r = run(command, *ASK, *args, "--json", **kw)
        self.assertEqual(r.returncode, 0, (args, r.stderr))
        return json.loads(r.stdout)["reply"]

    def test_stdin_is_read_once(self):
        for command, more in (("generate", ()), ("think", ("--budget", "30t")), ("prove", ("--budget", "30t")),
                              ("sample", ("--draws", "2", "--warmup", "0", "--chains", "2"))):
            self.assertEqual(self.replies(command, "-f", "-", *more, stdin=QUESTION.encode()), self.replies(command, "-p", QUESTION, *more), command)
        with tempfile.TemporaryDirectory() as d:
            r = run("landscape", *ASK[:2], "-f", "-", "--size", "4", "--seeds", "1", "--points", "3", "--out", d + "/x", stdin=QUESTION.encode())
            self.assertEqual((r.returncode, r.stderr), (0, b""))

    def test_one_line_end_of_a_file_is_no_part_of_the_question(self):
        rendered = lambda *a, **kw: json.loads(run("score", "-m", TOY, "--template-only", *a, **kw).stdout)["rendered"]
        plain = rendered("-p", QUESTION)
        for end in (b"", b"\n", b"\r\n"):
            self.assertEqual(rendered("-f", "-", stdin=QUESTION.encode() + end), plain, end)
        self.assertEqual(rendered("-f", "-", stdin=QUESTION.encode() + b"\n\n"), plain.replace(QUESTION, QUESTION + "\n"))
        with tempfile.NamedTemporaryFile() as f:
            f.write(QUESTION.encode() + b"\n")
            f.flush()
            self.assertEqual(rendered("-f", f.name), plain)
        ids = lambda text: json.loads(run("score", "-m", TOY, "-no-cnv", "--template-only", "-f", "-", stdin=text).stdout)["prompt_ids"]
        self.assertNotEqual(ids(b"a\n"), ids(b"a"))  # raw text keeps its last line end

    def test_a_lone_argument_is_the_prompt(self):
        expected = self.replies("generate", "-p", QUESTION)
        self.assertEqual(self.replies("generate", QUESTION), expected)
        self.assertEqual(self.replies("think", "--method", "prove", QUESTION, "--budget", "50t"), self.replies("think", "--method", "prove", "-p", QUESTION, "--budget", "50t"))
        for wrong in (["What", "is", "it?"], ["-p", "What", "is", "it?"], ["-p", "x", "y"], ["-f", "-", "y"]):
            r = run("think", *ASK, *wrong)
            self.assertEqual((r.returncode, b"in quotes" in r.stderr), (2, True), (wrong, r.stderr))

    def test_requests(self):
        def one(command, request, *args):
            r = run(command, *ASK[:2 if command == "score" else 4], "--input", "-", *args, stdin=jsonl(request))
            return json.loads(r.stdout)
        asked = self.replies("generate", "-p", QUESTION)
        self.assertEqual(one("generate", {"question": QUESTION})["reply"], asked)
        self.assertNotIn("notes", one("generate", {"question": QUESTION}))
        rendered = one("score", {"question": "a", "system": "b"}, "--template-only")["rendered"]
        self.assertEqual(rendered, json.loads(run("score", "-m", TOY, "-p", "a", "-sys", "b", "--template-only").stdout)["rendered"])
        for command, more in (("generate", ()), ("think", ("--budget", "30t")), ("prove", ("--budget", "30t")), ("sample", ("--draws", "2", "--warmup", "0"))):
            self.assertIn("raw text", one(command, {"prompt": "What is"}, *more)["notes"][0], command)
            self.assertNotIn("raw text", str(one(command, {"prompt": "What is"}, "-no-cnv", *more).get("notes")), command)
        for wrong in ({"question": "a", "prompt": "a"}, {"prompt": "a", "system": "b"}, {"question": ""}, {"question": 1}, {"system": "b"}):
            self.assertIn("error", one("generate", wrong), wrong)


class Flags(unittest.TestCase):
    def refused(self, part, *args):
        r = run(*args)
        self.assertEqual((r.returncode, r.stdout), (2, b""), (args, r.stderr))
        self.assertIn(part, r.stderr.decode(), args)
        return r.stderr.decode()

    def test_no_flag_is_swallowed_by_a_prefix(self):
        self.refused("-m FILE", "think", "-mu", "url", "-p", "x")
        self.refused("CPU", "generate", "-m", TINY, "-ngl", "99", "-p", "x")
        self.refused("CPU", "generate", "-m", TINY, "--n-gpu-layers", "99", "-p", "x")
        for flag in ("-cnv", "-st", "-fa", "-ctk", "-ub"):
            self.refused("leave it out", "generate", "-m", TINY, flag, "-p", "x")
        self.refused("did you mean --temp?", "generate", "-m", TINY, "-temp", "1", "-p", "x")
        self.refused("did you mean --temp?", "generate", "-m", TINY, "--temperature", "1", "-p", "x")
        self.refused("did you mean --no-conversation?", "generate", "-m", TINY, "-no-conversation", "-p", "x")
        self.refused("two arguments", "generate", "-m", TINY, "-pHello")
        self.refused("one letter", "-hx")
        self.refused("after -p", "generate", "-m", TINY, "-5 + 3 is what?")

    def test_numbers_stick_to_a_flag_and_values_are_no_flags(self):
        j = json.loads(run("generate", "-m", TINY, "-no-cnv", "-p", "-hf", "-n3", "-t2", "--target", "truncated", "--json").stdout)
        self.assertLessEqual(j["n_tokens"], 3)
        r = run("tokenize", "-m", TINY, "-p", "-sys", "--json")
        self.assertEqual(run("detokenize", "-m", TINY, "--input", "-", stdin=r.stdout).stdout, b'{"text":"-sys"}\n')

    def test_hints_are_near_or_none(self):
        self.refused("did you mean ponder generate?", "gen")
        self.refused("did you mean ponder think?", "tihnk")
        self.refused('ponder think "', QUESTION)
        for far in ("cat", "chat", "xyzzy", "run", "llama-cli"):
            self.assertNotIn("did you mean", self.refused("see ponder --help", far))
        self.refused("did you mean --max-length?", "generate", "--max-len", "3", "x")
        for far in ("--frobnicate", "--dry"):
            self.assertNotIn("did you mean", self.refused("--help", "generate", "-m", TINY, far, "x"))
        self.assertEqual(run().returncode, 2)
        self.assertIn(b"Subcommands:", run().stderr)


class Help(unittest.TestCase):
    def test_a_screen(self):
        for command in COMMANDS:
            shown = screen_of(command)
            self.assertLessEqual(sum(max(1, -(-len(x) // 80)) for x in shown), 24, command)
            last = shown.index("Examples:")
            self.assertLessEqual(max(map(len, shown[:last])), 80, command)
            self.assertEqual(len(shown) - last - 1, 2, command)
            for row in shown[:last]:
                words = row.split("TFE")[0]
                self.assertNotRegex(words, r"\b(law|TFE|draws?)\b", (command, row)) if "--draws" not in row else None
        overview = run("--help").stdout.decode().splitlines()
        self.assertLessEqual(len(overview), 24)
        self.assertEqual({x.split()[0] for x in overview[overview.index("Subcommands:") + 1:]}, set(COMMANDS))

    def test_all_of_it(self):
        for command in COMMANDS:
            every = screen_of(command, "--help-all")
            flags = lambda rows: set(re.findall(r"--[a-z][a-z-]+", "\n".join(r[:30] for r in rows if r.startswith("  "))))
            self.assertLessEqual(flags(screen_of(command)[:-3]), flags(every) | {"--help-all"}, command)
            self.assertLessEqual(max(len(x) for x in every[:every.index("Examples:")]), 80, command)
            text = "\n".join(every)
            for word in ("law", "TFE", "draw"):
                if re.search(rf"\b{word}s?\b", text.split("Words:")[0]):
                    self.assertRegex(text, rf"(?m)^  {word}  +\S", command)
        text = "\n".join(screen_of("generate", "--help-all"))
        for part in ("(default: 0)", "(default: off)", '"question"', "PONDER_"):
            self.assertIn(part, text)

    def test_completion(self):
        script = run("--completion", "bash").stdout.decode()
        def complete(*words):
            r = subprocess.run(["bash", "--norc", "-c", script + '\nCOMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _ponder; printf "%s\\n" "${COMPREPLY[@]}"', "bash", *words],
                               capture_output=True, text=True, cwd=DATA)
            self.assertEqual(r.stderr, "")
            return r.stdout.split()
        self.assertEqual(complete("ponder", "th"), ["think"])
        self.assertEqual(complete("ponder", "think", "--bud"), ["--budget"])
        self.assertEqual(complete("ponder", "think", "--target", "tr"), ["truncated"])
        self.assertEqual(complete("ponder", "think", "-m", "toy/ponder"), ["toy/ponder-toy.gguf", "toy/ponder-toy.jsonl"])
        self.assertEqual(complete("ponder", "think", "-p", ""), [])
        self.assertEqual(set(complete("ponder", "")), {*COMMANDS, "--help", "--version"})
        for shell in ("zsh", "fish"):
            out = run("--completion", shell).stdout
            self.assertIn(b"budget", out)
            if shutil.which(shell):
                r = subprocess.run([shell, "-n"], input=out, capture_output=True)
                self.assertEqual((r.returncode, r.stderr), (0, b""))
        self.assertEqual(run("--completion", "tcsh").returncode, 2)

    @unittest.skipUnless(shutil.which("groff"), "no groff")
    def test_man_page(self):
        r = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-Kutf8", "-P-cbou"], input=run("--man").stdout, capture_output=True)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        for part in (b"--budget", b"EXIT STATUS", b"ponder think"):
            self.assertIn(part, r.stdout)


class Running(unittest.TestCase):
    def test_a_line_a_time(self):
        """One line in, one answer out, while stdin stays open."""
        with tempfile.TemporaryDirectory() as d:
            scored = {"prompt_ids": [1], "reply_ids": [2]}
            for request, args in ((scored, ["score"]), (scored, ["grad", "--out", d]), ("{", ["score"]), (scored, ["grad", "--check", "--directions", "1"]),
                                  ({"prompt_ids": [1]}, ["generate", "-n", "2"]), ({"prompt_ids": [1]}, ["think", "-n", "2", "--budget", "20t"]),
                                  ({"text": "a"}, ["tokenize"]), ({"ids": [5]}, ["detokenize"]),
                                  ({"input": "a", "questions": [{"type": "predicate", "instructions": "b"}]}, ["decide", "-no-cnv"])):
                p = subprocess.Popen([PONDER, *args, "-m", TINY, "--input", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                for _ in range(3):
                    os.write(p.stdin.fileno(), jsonl(request) + b'{"half')
                    self.assertTrue(select.select([p.stdout], [], [], 30)[0], args)
                    self.assertTrue(os.read(p.stdout.fileno(), 65536).endswith(b"\n"))
                    os.write(p.stdin.fileno(), b'":1}\n')
                    select.select([p.stdout], [], [], 30)
                    os.read(p.stdout.fileno(), 65536)
                p.stdin.close()
                p.wait(timeout=60)
                p.stdout.close()

    def test_lines_of_any_shape(self):
        row = json.dumps({"text": "x" * 200_000}).encode()
        for text, n in ((b"", 0), (row, 1), (row + b"\n" + row, 2), (b"\n", 1), (b"{}\r\n" + row + b"\n", 2)):
            self.assertEqual(len(lines(run("tokenize", "-m", TINY, "--input", "-", stdin=text))), n)

    def test_a_signal_before_work_ends_at_once(self):
        """The signal comes while the program waits for its prompt, after loading: nothing is
        printed."""
        for sig, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for args in (["think", "-f", "-"], ["score", "--input", "-"], ["generate", "-no-cnv", "-f", "-"]):
                p = subprocess.Popen([PONDER, *args, "-m", TINY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                time.sleep(0.5)
                p.send_signal(sig)
                self.assertEqual((p.wait(timeout=5), p.stdout.read(), p.stderr.read()), (code, b"", b""), args)
                for f in (p.stdin, p.stdout, p.stderr):
                    f.close()

    def test_no_colour_and_no_lines_in_pipes(self):
        r = run("think", *ASK, QUESTION, "--budget", "30t", env={"NO_COLOR": "1"})
        self.assertEqual((r.returncode, r.stderr, b"\x1b" in r.stdout), (0, b"", False))

    def test_eighty_columns(self):
        main, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        r = subprocess.run([PONDER, "think", "--help"], stdout=child, stderr=child)
        os.close(child)
        self.assertEqual(r.returncode, 0)
        self.assertLessEqual(os.read(main, 65536).count(b"\n"), 24)
        os.close(main)


if __name__ == "__main__":
    unittest.main()
