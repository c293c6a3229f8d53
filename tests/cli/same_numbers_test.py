"""The same bytes for any threads, batch and order; constant memory over many lines."""

import resource
import unittest

from ponder_cli import TINY, jsonl, lines, run


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


if __name__ == "__main__":
    unittest.main()
