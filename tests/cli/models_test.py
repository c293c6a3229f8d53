"""Models by name: the list, -m NAME and -hf on folders as other programs make them."""

import json
import os
import shutil
import tempfile
import unittest

from ponder_cli import DATA, TINY, TOY, run

QWEN = os.path.join(DATA, "tiny", "qwen2", "model.gguf")


class Models(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.env = {"HOME": self.home}
        for variable in "XDG_CACHE_HOME HF_HOME HF_HUB_CACHE HUGGINGFACE_HUB_CACHE LLAMA_CACHE OLLAMA_MODELS".split():
            self.env[variable] = ""

    def put(self, name, source=TINY):
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(source, path)
        return path

    def fill(self):
        hub = ".cache/huggingface/hub/models--org--Small-GGUF/"
        self.put(hub + "blobs/aa")
        os.makedirs(os.path.join(self.home, hub, "snapshots/rev"))
        os.symlink("../../blobs/aa", os.path.join(self.home, hub, "snapshots/rev/small-q4_k_m.gguf"))
        self.put(".cache/llama.cpp/two_Other_other-q8_0.gguf", QWEN)
        self.put(".lmstudio/models/lm/Studio-GGUF/studio-Q6_K.gguf", TOY)
        self.put(".cache/ponder/own.Q4_1.gguf", TOY)
        self.put(".ollama/models/blobs/sha256-0b")
        manifest = os.path.join(self.home, ".ollama/models/manifests/host/library/oll/1b")
        os.makedirs(os.path.dirname(manifest))
        with open(manifest, "w") as f:
            json.dump({"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:0b"}]}, f)

    def ponder(self, *args, **kw):
        return run(*args, env={**self.env, **kw.pop("env", {})}, **kw)

    def listed(self, **env):
        r = self.ponder("models", "--json", env=env)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        return json.loads(r.stdout)

    def test_the_list(self):
        self.assertIn(b"no models; looked in", self.ponder("models").stdout)
        self.fill()
        j = self.listed()
        self.assertEqual([(m["name"], m["from"], m["architecture"], m["runs"]) for m in j["models"]], [
            ("lm/Studio-GGUF:Q6_K", "LM Studio", "llama", True), ("oll:1b", "Ollama", "llama", True), ("org/Small-GGUF:Q4_K_M", "hub", "llama", True),
            ("own.Q4_1", "ponder", "llama", True), ("two_Other_other-q8_0", "llama.cpp", "qwen2", True)])  # fmt: skip
        self.assertEqual(j["notes"], [])
        small = j["models"][2]
        self.assertEqual((small["bytes"], small["parts"]), (os.path.getsize(TINY), 1))
        self.assertEqual(small["parameters"], json.loads(run("info", "-m", TINY, "--json").stdout)["parameters"])
        broken = self.put(".cache/ponder/broken.gguf")
        with open(broken, "r+b") as f:
            f.truncate(1000)
        os.symlink("nowhere", os.path.join(self.home, ".cache/ponder/gone.gguf"))
        text = self.ponder("models").stdout.decode()
        for part in ("oll:1b", "not to be run: expected", "note: "):
            self.assertIn(part, text)
        self.assertLessEqual(max(map(len, text.splitlines()[:-1])), 100)

    def test_folders_of_the_environment(self):
        for variable, name in (("HF_HUB_CACHE", "models--a--b/snapshots/r/b-Q8_0.gguf"), ("LLAMA_CACHE", "c.gguf"), ("OLLAMA_MODELS", "")):
            if name:
                self.put("elsewhere/" + name)
            folders = self.listed(**{variable: self.home + "/elsewhere"})["folders"]
            self.assertIn(self.home + "/elsewhere", [f["path"] for f in folders], variable)
        self.assertIn("a/b:Q8_0", [m["name"] for m in self.listed(HF_HUB_CACHE=self.home + "/elsewhere")["models"]])
        paths = [f["path"] for f in self.listed(HF_HOME="/hf", XDG_CACHE_HOME="/x")["folders"]]
        for path in ("/hf/hub", "/x/ponder", "/x/llama.cpp"):
            self.assertIn(path, paths)
        self.assertIn("/x/huggingface/hub", [f["path"] for f in self.listed(XDG_CACHE_HOME="/x")["folders"]])

    def opened(self, *args, **kw):
        r = self.ponder("info", *args, "--json", **kw)
        self.assertEqual(r.returncode, 0, (args, r.stderr))
        return os.path.realpath(os.path.join(kw.get("cwd", ""), json.loads(r.stdout)["file"]))

    def test_a_name_opens_a_model(self):
        self.fill()
        at = lambda name: os.path.realpath(os.path.join(self.home, name))
        small = at(".cache/huggingface/hub/models--org--Small-GGUF/blobs/aa")
        for args in (["-m", "org/Small-GGUF:Q4_K_M"], ["-m", "small-gguf"], ["-hf", "org/small-gguf"], ["-hfr", "org/Small-GGUF:q4_k_m"], ["--hf-repo", "org/Small-GGUF"]):
            self.assertEqual(self.opened(*args), small, args)
        self.assertEqual(self.opened("-m", "oll:1b"), at(".ollama/models/blobs/sha256-0b"))
        self.assertEqual(self.opened("-m", "own"), at(".cache/ponder/own.Q4_1.gguf"))
        self.assertEqual(self.opened(env={"PONDER_HF_REPO": "org/Small-GGUF"}), small)
        self.assertEqual(self.opened("-m", "own", env={"PONDER_HF_REPO": "org/Small-GGUF"}), at(".cache/ponder/own.Q4_1.gguf"))
        self.assertEqual(json.loads(self.ponder("generate", "-m", "studio-gguf", "-n", "3", "-p", "a", "--json").stdout)["target"], "ended")
        # a path that exists is that file, whatever models there are
        here = self.put("work/own", QWEN)
        self.assertEqual(self.opened("-m", "own", cwd=self.home + "/work"), os.path.realpath(here))

    def refused(self, *args):
        r = self.ponder("info", *args)
        self.assertEqual((r.returncode, r.stdout), (2, b""), args)
        return r.stderr.decode()

    def test_names_that_open_none(self):
        self.fill()
        self.put(".lmstudio/models/lm/Studio-GGUF/studio-Q8_0.gguf")
        text = self.refused("-m", "studio-gguf")
        self.assertIn("lm/Studio-GGUF:Q6_K, lm/Studio-GGUF:Q8_0", text)
        text = self.refused("-m", "org/Smal-GGUF:Q4_K_M")
        self.assertIn("near: org/Small-GGUF:Q4_K_M;", text)
        self.assertIn('hf download org/Smal-GGUF --include "*Q4_K_M.gguf"', text)
        self.assertIn('hf download org/New --include "*Q4_K_M.gguf"', self.refused("-hf", "org/New"))
        self.assertIn("ORG/NAME", self.refused("-hf", "own"))
        for path in ("none.gguf", "./none", "/none"):
            self.assertIn("No such file", self.refused("-m", path), path)
        self.assertIn("excludes", self.refused("-m", "own", "-hf", "org/Small-GGUF"))
        self.assertIn("ponder models", self.ponder("info", env={"XDG_CACHE_HOME": "/none"}).stderr.decode())


if __name__ == "__main__":
    unittest.main()
