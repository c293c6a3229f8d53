"""ponder serve by how it is started: keys, TLS, queues, limits, ports, and its end."""

import concurrent.futures
import contextlib
import json
import os
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.request

from ponder_cli import PONDER, TOY, run
from server import ASK, CHAT, TEXT, Server, wait_for


class Doors(unittest.TestCase):
    def test_keys(self):
        with self.subTest(), open("/dev/null", encoding="utf-8"):
            r = run("serve", "-m", TOY, "--port", "0", "--api-key-file", "/dev/null")
            self.assertEqual(r.returncode, 2, r.stderr)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
            f.write("one\ntwo\n")
            f.flush()
            with Server("--api-key-file", f.name) as s:
                self.assertEqual(s.ask("GET", "/health")[0], 200)
                self.assertEqual(s.ask("GET", "/v1/models")[0], 401)
                for key, status in (("two", 200), ("tw", 401), ("three", 401)):
                    self.assertEqual(s.ask("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})[0], status)

    def test_a_full_queue(self):
        with Server("--jobs", "1", "--queue", "1") as s:
            body = {"messages": ASK, "temperature": 1, "max_tokens": 100, "n": 64, "stop": ["no such text"]}
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                got = list(pool.map(lambda _: s.ask("POST", CHAT, body), range(8)))
            self.assertEqual({g[0] for g in got}, {200, 429})
            self.assertEqual(next(g[1]["Retry-After"] for g in got if g[0] == 429), "1")

    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, name) for name in ("cert.pem", "key.pem")]
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                            "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
            words = ["--tls-cert", files[0], "--tls-key", files[1]]
            with Server(*words, tls=ssl.create_default_context(cafile=files[0])) as s:
                body = {"messages": ASK, "temperature": 0, "max_tokens": 8}
                whole = s.post(CHAT, body)["choices"][0]["message"]["content"]
                self.assertEqual("".join(e["choices"][0]["delta"].get("content", "") for e in s.events(CHAT, body)), whole)
                with s.connection() as c:  # one that leaves
                    c.request("POST", "/v1/think", json.dumps({"messages": ASK, "budget_s": 3600, "max_tokens": 400, "methods": ["anneal"]}))
                    wait_for(lambda: s.metric("ponder_jobs_running") == 1)
                    c.sock.settimeout(0.1)
                    with contextlib.suppress(OSError):
                        c.sock.unwrap()  # TLS's farewell, before the end of the connection
                wait_for(lambda: s.metric("ponder_jobs_running") == 0)
                with socket.create_connection(("127.0.0.1", s.port)) as plain:
                    plain.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    self.assertNotIn(b"200", plain.recv(4096))
                self.assertEqual(s.ask("GET", "/health")[0], 200)
            for wrong in ([files[1], files[1]], [files[0], files[0]], ["none.pem", files[1]]):
                r = run("serve", "-m", TOY, "--port", "0", "--tls-cert", wrong[0], "--tls-key", wrong[1])
                self.assertEqual(r.returncode, 2, r.stderr)
                self.assertIn(b"PEM", r.stderr)

    def test_a_limit_of_time(self):
        """What has something to show by then shows it."""
        with Server("--time-limit", "0.5") as s:
            begin = time.monotonic()
            search = s.post("/v1/think", {"messages": ASK, "budget_s": 3600, "max_tokens": 400, "methods": ["anneal"]})
            self.assertIn("reply", search)
            with s.connection() as c:
                c.request("POST", "/v1/think", json.dumps({"messages": ASK, "budget_s": 3600, "max_tokens": 400, "methods": ["anneal"], "stream": True}))
                self.assertIn(b"event: done", c.getresponse().read())
            long = s.post(TEXT, {"prompt": ["The sum"] * 100, "temperature": 50, "max_tokens": 200, "n": 100, "seed": 1})
            self.assertLess(time.monotonic() - begin, 8)
            self.assertEqual(long["choices"][-1]["finish_reason"], "length")
            self.assertLess(long["usage"]["completion_tokens"], 100 * 100 * 50)

    def test_one_client_takes_all_memory(self):
        """Of keys and values: it is told so; the others get what they get alone."""
        greedy = {"messages": ASK, "temperature": 50, "seed": 1, "max_tokens": 200, "n": 128}
        modest = {"messages": ASK, "temperature": 1, "seed": 2, "max_tokens": 8, "n": 4, "logprobs": True}
        with Server() as s:
            alone = s.post(CHAT, modest)["choices"]
        with Server("--kv-memory", "1", "-c", "256") as s, concurrent.futures.ThreadPoolExecutor(8) as pool:
            for _ in range(3):
                big = [pool.submit(s.ask, "POST", CHAT, greedy) for _ in range(2)]
                others = [pool.submit(s.post, CHAT, modest) for _ in range(6)]
                self.assertEqual([o.result()["choices"] for o in others], [alone] * 6)
                for status, _, got in (b.result() for b in big):
                    self.assertEqual(status, 503, got)
                    self.assertIn("keys and values", got["error"]["message"])
            self.assertEqual(s.post(CHAT, modest)["choices"], alone)

    def test_a_port_that_is_taken(self):
        with Server() as s:
            r = run("serve", "-m", TOY, "--port", str(s.port))
            self.assertEqual(r.returncode, 1)
            self.assertIn(b"--port", r.stderr)

    def test_a_disk_that_is_full(self):
        """What it prints is lost, and nothing else: it writes no files."""
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        with open("/dev/full", "wb") as full, subprocess.Popen([PONDER, "serve", "-m", TOY, "--port", str(port), "--verbose"], stdout=full, stderr=full) as p:
            ask = urllib.request.Request(f"http://127.0.0.1:{port}{CHAT}", json.dumps({"messages": ASK, "max_tokens": 4}).encode())

            def answers():
                with contextlib.suppress(OSError), urllib.request.urlopen(ask) as r:
                    return json.load(r)["choices"]
                return []

            wait_for(answers)
            p.terminate()
            self.assertEqual(p.wait(60), 143)

    def test_the_end_waits_for_a_stream(self):
        with Server() as s, s.connection() as c:
            c.request("POST", "/v1/think", json.dumps({"messages": ASK, "budget_s": 2, "max_tokens": 400, "methods": ["anneal"], "stream": True}))
            r = c.getresponse()
            self.assertEqual(s.stop()[0], 143)
            self.assertIn(b"event: done\n", r.read())


if __name__ == "__main__":
    unittest.main()
