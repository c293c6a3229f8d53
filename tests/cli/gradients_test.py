"""`ponder grad`: files, mixtures, broken lines, --check."""

import array
import ast
import os
import pathlib
import tempfile
import unittest

from ponder_cli import DATA, TINY, jsonl, lines, run


def read_npy(path):
    """Shape and values of a float32 .npy file."""
    data = pathlib.Path(path).read_bytes()
    size = int.from_bytes(data[8:10], "little")
    head = ast.literal_eval(data[10 : 10 + size].decode())
    assert head["descr"] == "<f4" and not head["fortran_order"], head
    return head["shape"], array.array("f", data[10 + size :])


class Gradients(unittest.TestCase):
    MODEL = ["-m", TINY, "--precision", "f32"]

    def grad(self, *rows, args=()):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        return run("grad", *self.MODEL, "--input", "-", "--out", self.dir.name, *args, stdin=jsonl(*rows))

    def test_files_of_replies_and_of_mixtures(self):
        reply = {"prompt_ids": [1, 2], "reply_ids": [3, 4, 5]}
        one_hot = {"prompt_ids": [1, 2], "candidates": [[9, 3], [4, 9], [9, 5]], "weights": [[0, 1], [1, 0], [0, 1]]}
        r = self.grad(reply, one_hot)
        self.assertEqual(r.returncode, 0, r.stderr)
        a, b = lines(r)
        self.assertEqual(a["value"], b["value"])
        score = lines(run("score", *self.MODEL, "--input", "-", "--jsonl", stdin=jsonl(reply)))[0]
        self.assertAlmostEqual(a["value"], score["sum"], places=9)
        shape, embedding = read_npy(a["file"])
        self.assertEqual(shape, (3, 64))
        self.assertTrue(any(embedding[:128]))
        self.assertFalse(any(embedding[128:]))  # no row depends on the last token
        shape, weights = read_npy(b["file"])
        self.assertEqual(shape, (3, 2))
        self.assertAlmostEqual(weights[5], score["logprobs"][2], places=5)  # at the last position, the slopes of the weights are lp alone

    def test_same_bytes_for_any_threads_batch_and_tape(self):
        rows = [{"prompt_ids": [5, i % 3], "reply_ids": [(7 * i + k) % 290 for k in range(1 + i % 6)]} for i in range(40)]
        wanted = None
        for args in (["-t", "1"], ["-t", "4"], ["-t", "2", "--tape-limit", "0.01"]):
            r = self.grad(*rows, args=args)
            self.assertEqual(r.returncode, 0, r.stderr)
            got = [(g["value"], pathlib.Path(g["file"]).read_bytes()) for g in lines(r)]
            self.assertEqual(got, wanted or got)
            wanted = got
        for i in (0, 17, 39):
            (g,) = lines(self.grad(rows[i]))
            self.assertEqual((g["value"], pathlib.Path(g["file"]).read_bytes()), wanted[i])

    def test_broken_lines_answer_in_place(self):
        ids = {"prompt_ids": [1, 2]}
        broken = [
            ({**ids, "candidates": [[3, 4], [5, 6]], "weights": [[0.5, 0.5], [0.5, 0.6]]}, "weights that sum to 1, got 1.1"),
            ({**ids, "candidates": [[3, 4], [5]], "weights": [[0.5, 0.5], [1]]}, "2 candidates, as in row 0"),
            ({**ids, "candidates": [[3, 4]], "weights": [[0.5, 0.25, 0.25]]}, "a weight a candidate (2), got 3"),
            ({**ids, "candidates": [[3, 4]], "weights": [[1, 0], [1, 0]]}, "as many rows of weights"),
            ({**ids, "candidates": [[3, 4]]}, '"weights" beside "candidates"'),
            ({**ids, "candidates": [[3, 300]], "weights": [[1, 0]]}, "from 0 to 299"),
            ({**ids, "candidates": [[3, 4]], "weights": [["x", 1]]}, "a number"),
            ({**ids, "candidates": [3, 4], "weights": [1, 0]}, "array of arrays"),
            ({**ids, "candidate": [[3, 4]], "weights": [[1, 0]]}, "candidates"),
            ({**ids, "reply_ids": []}, "n and m at least 1"),
            ({**ids, "reply_ids": [1] * 200}, "tokens of context"),
            ({**ids}, '"reply", "reply_ids" or "candidates"'),
            ({"reply_ids": [1]}, "prompt"),
        ]
        good = {**ids, "reply_ids": [3, 4]}
        r = self.grad(good, *(row for row, _ in broken), good)
        self.assertEqual(r.returncode, 2)
        got = lines(r)
        self.assertEqual(got[0]["value"], got[-1]["value"])
        for k, (_, part) in enumerate(broken):
            self.assertEqual(got[k + 1]["error"]["line"], k + 1)
            self.assertIn(part, got[k + 1]["error"]["message"])
        self.assertEqual(sorted(os.listdir(self.dir.name)), ["0.npy", f"{len(broken) + 1}.npy"])

    def test_not_finite_is_told_counted_and_not_written(self):
        good = {"prompt_ids": [1, 2], "reply_ids": [3, 4]}
        far = {"prompt_ids": [1, 2], "candidates": [[3, 4, 5]] * 3, "weights": [[3e38, -3e38, 1]] * 3}
        r = self.grad(good, far, good)
        self.assertEqual(r.returncode, 1)
        got = lines(r)
        self.assertIn("a finite gradient", got[1]["error"]["message"])
        self.assertIn(b"1 gradients were not finite", r.stderr)
        self.assertEqual(got[0]["value"], got[2]["value"])
        self.assertEqual(sorted(os.listdir(self.dir.name)), ["0.npy", "2.npy"])

    def test_check_passes_and_can_fail(self):
        rows = jsonl({"prompt_ids": [1, 2], "reply_ids": [3, 4, 5, 6]},
                     {"prompt_ids": [1, 2], "candidates": [[3, 4], [5, 6], [7, 8]], "weights": [[0.5, 0.5], [0.2, 0.8], [1, 0]]})
        check = ["grad", "-m", TINY, "--input", "-", "--check"]
        with tempfile.TemporaryDirectory() as d:
            r = run(*check, "--precision", "f32", "--out", d, stdin=rows)
            self.assertEqual(os.listdir(d), [])
        self.assertEqual(r.returncode, 0, r.stdout)
        self.assertRegex(r.stdout.decode().splitlines()[-1], r"^pass: .*differences .*reference .*2 lines checked, 0 broken$")
        mixture = os.path.join(DATA, "tiny", "gpt-oss", "model.gguf")  # jumps, so differences are left out
        (j,) = lines(run("grad", "-m", mixture, "--input", "-", "--check", "--precision", "f32", "--json", stdin=rows))
        self.assertEqual((j["pass"], list(j["limits"]), list(j["lines"][0])), (True, ["reference"], ["line", "reference"]))
        # bf16 fails with the tolerance of f32, and passes with its own.
        r = run(*check, "--precision", "bf16", "--tolerance", "1e-4", stdin=rows)
        self.assertEqual(r.returncode, 1)
        self.assertIn("FAIL: ", r.stdout.decode())
        (j,) = lines(run(*check, "--precision", "bf16", "--json", stdin=rows))
        self.assertTrue(j["pass"])
        self.assertEqual([x["line"] for x in j["lines"]], [0, 1])
        for x in j["lines"]:
            self.assertGreater(x["reference"], 1e-4)
            self.assertLess(x["reference"], j["limits"]["reference"])
        # A check with a line that could not be checked has not passed.
        r = run(*check, "--json", stdin=rows + b"{}\n")
        self.assertEqual(r.returncode, 2)
        self.assertFalse(lines(r)[0]["pass"])
        self.assertEqual(run(*check, stdin=b"").returncode, 1)


if __name__ == "__main__":
    unittest.main()
