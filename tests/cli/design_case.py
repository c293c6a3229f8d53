"""The common part of the tests of `ponder design`: a fitness of one motif in a folder of its own,
designs for it, refusals."""

import json
import os
import tempfile
import unittest

from ponder_cli import lines, run

MOTIF = ">M1\nA [ 9 0 0 1 ]\nC [ 0 9 1 0 ]\nG [ 1 1 9 0 ]\nT [ 0 0 0 9 ]\n"
FITNESS = {"terms": [{"kind": "motif", "file": "m.jaspar"}], "forbidden": ["GAATTC"], "max_homopolymer": 4}


class DesignCase(unittest.TestCase):
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
