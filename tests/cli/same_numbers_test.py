"""Output has the same bytes for any threads, batch and order; memory is constant over many lines."""

import os
import subprocess
import tempfile
import unittest

from ponder_cli import PONDER, TINY, jsonl, lines, run


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
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"  # otherwise asan keeps freed memory

        def peak(n):
            """Peak memory, KB, of the process that scores n lines."""
            with tempfile.TemporaryFile() as lines_in, tempfile.TemporaryFile() as lines_out:
                lines_in.write(jsonl(*({"prompt_ids": [i % 290, 3], "reply_ids": [1, 2, 3]} for i in range(n))))
                lines_in.seek(0)
                p = subprocess.Popen([PONDER, "score", "-m", TINY, "--input", "-", "--jsonl"], stdin=lines_in, stdout=lines_out,
                                     env={**os.environ, "ASAN_OPTIONS": options})
                _, p.returncode, usage = os.wait4(p.pid, 0)
                lines_out.seek(0)
                self.assertEqual((p.returncode, len(lines_out.readlines())), (0, n))
                return usage.ru_maxrss

        self.assertLess(peak(5000), peak(100) + 20_000)


if __name__ == "__main__":
    unittest.main()
