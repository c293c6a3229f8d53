"""A `ponder serve` for a test: starts on a free port, is asked over plain HTTP, and ends with the test."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import time

from ponder_cli import PONDER, TOY

ASK = [{"role": "user", "content": "What is the sum of 14 and 8?"}]
CHAT, TEXT = "/v1/chat/completions", "/v1/completions"


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("still not so")
        time.sleep(0.05)


class Server:
    def __init__(self, *words, model=TOY, tls=None):
        """tls: an ssl.SSLContext for https; the words must then name a certificate."""
        command = [PONDER, "serve", "-m", model, "--port", "0", "--precision", "f32", *words]
        self.process, self.tls = subprocess.Popen(command, stderr=subprocess.PIPE, text=True), tls
        line = self.process.stderr.readline()
        self.port = int(re.search(r":(\d+)/v1", line)[1])
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if self.url not in line:
            raise AssertionError(line)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code, said = self.stop()
        if kind is None and code != 143:  # a sanitizer's finding, for example
            raise AssertionError((code, said))

    def stop(self):
        """Ends the server as a service manager does. Returns its exit code and what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            _, said = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, said

    @contextlib.contextmanager
    def connection(self):
        at = ("127.0.0.1", self.port)
        c = http.client.HTTPSConnection(*at, timeout=60, context=self.tls) if self.tls else http.client.HTTPConnection(*at, timeout=60)
        try:
            yield c
        finally:
            c.close()

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, body as JSON, or as text where it is none)"""
        with self.connection() as c:
            data = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
            c.request(method, path, data, headers or {})
            r = c.getresponse()
            text = r.read().decode()
            try:
                return r.status, r.headers, json.loads(text)
            except json.JSONDecodeError:
                return r.status, r.headers, text

    def post(self, path, body, **headers):
        status, _, got = self.ask("POST", path, body, headers)
        if status != 200:
            raise AssertionError(f"{path}: {status} {got}")
        return got

    def events(self, path, body):
        """The events of a stream, without the last, which must be [DONE]."""
        with self.connection() as c:
            c.request("POST", path, json.dumps({**body, "stream": True}))
            r = c.getresponse()
            if r.status != 200 or r.headers["Content-Type"] != "text/event-stream":
                raise AssertionError(f"{r.status} {r.read()}")
            data = [x[6:] for x in r.read().decode().split("\n\n") if x]
        if data[-1] != "[DONE]":
            raise AssertionError(data[-1])
        return [json.loads(x) for x in data[:-1]]

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def metric(self, name):
        text = self.ask("GET", "/metrics")[2]
        return float(re.search(rf"(?m)^{re.escape(name)} (\S+)$", text)[1])
