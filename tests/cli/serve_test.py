"""ponder serve over plain HTTP: its numbers against the command line's, streams, bodies that are wrong, clients that leave."""

import concurrent.futures
import json
import os
import re
import socket
import unittest

from ponder_cli import TOY, jsonl, lines, run
from server import ASK, CHAT, TEXT, Server, wait_for


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        code, said = cls.server.stop()
        assert code == 143 and "rror" not in said, (code, said)

    def ids(self, text):
        return self.server.post("/tokenize", {"prompt": text, "add_special_tokens": False})["tokens"]

    def test_small_answers(self):
        for path, key in (("/health", "status"), ("/v1/models", "data"), ("/tokenizer_info", "eos_token"), ("/openapi.json", "paths"), ("/props", "total_slots")):
            status, headers, got = self.server.ask("GET", path)
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            self.assertIn(key, got)
        for path, item in self.server.ask("GET", "/openapi.json")[2]["paths"].items():
            self.assertLessEqual(set(item), {"get", "post", "delete", "parameters"}, path)
        self.assertEqual(self.server.post("/detokenize", {"tokens": self.ids("The sum is 22.")})["content"], "The sum is 22.")

    def test_log_probabilities_are_those_of_score(self):
        """Echo of a prompt and of one more token, as evaluation harnesses ask for it."""
        ids = self.ids("The sum of 14 and 8 is 22.")
        got = self.server.post(TEXT, {"prompt": [ids], "temperature": 0, "max_tokens": 1, "logprobs": 2, "echo": True, "seed": 1})
        of = got["choices"][0]["logprobs"]
        self.assertEqual(len(of["token_logprobs"]), len(ids) + 1)
        self.assertIsNone(of["token_logprobs"][0])
        scored = lines(run("score", "-m", TOY, "--precision", "f32", "--input", "-", stdin=jsonl({"prompt_ids": ids[:1], "reply_ids": ids[1:]})))[0]
        self.assertEqual(of["token_logprobs"][1:-1], scored["logprobs"])
        greedy = [max(top.values()) == lp for top, lp in zip(of["top_logprobs"][1:], of["token_logprobs"][1:])]
        self.assertTrue(greedy[-1])
        self.assertFalse(all(greedy))
        self.assertEqual(got["usage"], {"prompt_tokens": len(ids), "completion_tokens": 1, "total_tokens": len(ids) + 1})

    def test_a_seed_gives_what_it_gives_on_the_command_line(self):
        one = json.loads(run("generate", "-m", TOY, "--precision", "f32", "-p", ASK[0]["content"], "--temp", "0.9", "-s", "5", "-n", "12", "--json").stdout)
        got = self.server.post(CHAT, {"messages": ASK, "temperature": 0.9, "seed": 5, "max_tokens": 12, "logprobs": True, "top_logprobs": 3})["choices"][0]
        self.assertEqual(got["message"]["content"], one["reply"])
        self.assertEqual(sum(t["logprob"] for t in got["logprobs"]["content"]), one["logprob"])
        self.assertEqual(got["finish_reason"], "stop" if one["ended"] else "length")

    def test_the_same_alone_and_among_32(self):
        def body(i):
            return {"messages": ASK, "temperature": 3, "seed": i, "max_tokens": 10, "logprobs": True, "top_logprobs": 2}

        alone = [self.server.post(CHAT, body(i))["choices"] for i in range(32)]
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            together = list(pool.map(lambda i: self.server.post(CHAT, body(i))["choices"], range(32)))
        self.assertEqual(alone, together)
        self.assertGreater(len({json.dumps(a) for a in alone}), 8)

    def test_a_stream_is_the_whole_in_parts(self):
        body = {"messages": ASK, "temperature": 1.1, "seed": 3, "max_tokens": 12, "n": 3, "logprobs": True, "top_logprobs": 2}
        whole = self.server.post(CHAT, body)
        events = self.server.events(CHAT, {**body, "stream_options": {"include_usage": True}})
        self.assertEqual(events[-1]["usage"], whole["usage"])
        for choice in whole["choices"]:
            parts = [e["choices"][0] for e in events[:-1] if e["choices"][0]["index"] == choice["index"]]
            self.assertEqual("".join(p["delta"].get("content", "") for p in parts), choice["message"]["content"])
            self.assertEqual(sum((p["logprobs"]["content"] for p in parts if p["logprobs"]), []), choice["logprobs"]["content"])
            self.assertEqual(parts[0]["delta"]["role"], "assistant")
            self.assertEqual(parts[-1]["finish_reason"], choice["finish_reason"])

    def test_a_stream_of_texts(self):
        body = {"prompt": ["The sum", "14 and"], "temperature": 0.8, "seed": 3, "max_tokens": 6, "logprobs": 1, "n": 2}
        whole, events = self.server.post(TEXT, body), self.server.events(TEXT, body)
        self.assertEqual(len(whole["choices"]), 4)
        for choice in whole["choices"]:
            parts = [e["choices"][0] for e in events if e["choices"][0]["index"] == choice["index"]]
            self.assertEqual("".join(p["text"] for p in parts), choice["text"])
            self.assertEqual(sum((p["logprobs"]["text_offset"] for p in parts if p["logprobs"]), []), choice["logprobs"]["text_offset"])

    def test_an_echo_in_a_stream(self):
        for more in ({"max_tokens": 5, "n": 2, "logprobs": 2}, {"max_tokens": 5}, {"max_tokens": 0, "logprobs": 0, "n": 2}):
            body = {"prompt": ["The sum of", "14"], "temperature": 0.8, "seed": 3, "echo": True, **more}
            whole, events = self.server.post(TEXT, body), self.server.events(TEXT, body)
            for choice in whole["choices"]:
                parts = [e["choices"][0] for e in events if e["choices"][0]["index"] == choice["index"]]
                self.assertEqual("".join(p["text"] for p in parts), choice["text"])
                self.assertEqual(parts[-1]["finish_reason"], choice["finish_reason"])
                if "logprobs" in more:
                    for key, all_of_them in choice["logprobs"].items():
                        self.assertEqual(sum((p["logprobs"][key] for p in parts if p["logprobs"]), []), all_of_them)

    def test_stop_texts_and_best_of(self):
        free = self.server.post(CHAT, {"messages": ASK, "temperature": 0, "max_tokens": 12})["choices"][0]
        text = free["message"]["content"]
        cut = self.server.post(CHAT, {"messages": ASK, "temperature": 0, "max_tokens": 12, "stop": [text[4:7], "zzzz"]})["choices"][0]
        self.assertEqual((cut["message"]["content"], cut["finish_reason"]), (text[:4], "stop"))
        many = self.server.post(TEXT, {"prompt": "The", "temperature": 1, "seed": 1, "max_tokens": 4, "n": 6, "logprobs": 0})["choices"]
        best = self.server.post(TEXT, {"prompt": "The", "temperature": 1, "seed": 1, "max_tokens": 4, "n": 1, "best_of": 6, "logprobs": 0})["choices"][0]
        mean = lambda c: sum(c["logprobs"]["token_logprobs"]) / len(c["logprobs"]["token_logprobs"])  # noqa: E731
        self.assertEqual(best["text"], max(many, key=mean)["text"])

    def test_decisions_and_answers(self):
        question = {"type": "choice", "instructions": "What is it?", "choices": [{"value": "22"}, {"value": "no"}]}
        body = {"input": "The sum of 14 and 8.", "questions": [question]}
        on_line = lines(run("decide", "-m", TOY, "--precision", "f32", "--input", "-", "--jsonl", stdin=jsonl(body)))[0]
        self.assertEqual(self.server.post("/v1/decisions", body)["answers"], on_line["answers"])
        state = {"state": "The sum of 14 and 8.", "questions": {"it": {"type": "choice", "instructions": "What is it?", "criteria": {"22": None, "no": None}}}}
        same = self.server.post("/v1/systemone", state)["answers"]["it"]
        self.assertEqual(list(same["probabilities"].values()), [p["probability"] for p in on_line["answers"][0]["probabilities"]])
        self.assertEqual(same["confidence"], 2 * max(same["probabilities"].values()) - 1)
        got = self.server.post("/v1/answers", {"messages": ASK, "answer": "number", "way": "draws", "draws": 6, "seed": 2, "max_tokens": 12})
        line = json.loads(run("answer", "-m", TOY, "--precision", "f32", "-p", ASK[0]["content"], "--answer", "number", "--way", "draws", "--draws", "6", "-s", "2", "-n", "12", "--json", "--uncalibrated").stdout)
        for key in ("answer", "mass", "answers", "drawn", "none"):
            self.assertEqual(got[key], line[key])

    def think(self, body, headers=None, method="POST", path="/v1/think"):
        """The events of a search as (id, name, data), and its id."""
        with self.server.connection() as c:
            c.request(method, path, json.dumps(body) if body else None, headers or {})
            r = c.getresponse()
            self.assertEqual(r.status, 200)
            rows = [dict(line.split(": ", 1) for line in e.split("\n")) for e in r.read().decode().split("\n\n") if e]
            return [(int(e["id"]), e["event"], json.loads(e["data"])) for e in rows], r.headers["X-Think-Id"]

    def test_thinking(self):
        body = {"messages": ASK, "budget_s": 20, "max_tokens": 14}
        whole = self.server.post("/v1/think", body)
        line = json.loads(run("think", "-m", TOY, "--precision", "f32", "-p", ASK[0]["content"], "-n", "14", "--budget", "20s", "--json").stdout)
        self.assertEqual((whole["reply"], whole["logprob"]), (line["reply"], line["logprob"]))
        events, name = self.think({**body, "stream": True})
        names = [e[1] for e in events]
        self.assertEqual(names[-2:], ["proof", "done"])
        self.assertEqual("".join(e[2]["text"] for e in events if e[1] == "token"), next(e[2]["text"] for e in events if e[1] == "first"))
        self.assertEqual([e[2]["text"] for e in events if e[1] == "likelier"][-1:] or [whole["first"]["reply"]], [whole["reply"]])
        self.assertEqual(events[-1][2]["reply"], whole["reply"])
        self.assertEqual([e[0] for e in events], sorted({e[0] for e in events}))
        middle = events[len(events) // 2][0]
        again, _ = self.think(None, {"Last-Event-ID": str(middle)}, "GET", f"/v1/think/{name}/events")
        self.assertEqual(again, [e for e in events if e[0] > middle and e[1] != "progress"])
        self.assertEqual(self.server.ask("DELETE", f"/v1/think/{name}")[0], 200)
        self.assertEqual(self.server.ask("GET", f"/v1/think/{name}/events")[0], 404)

    def test_a_chat_that_thinks(self):
        line = json.loads(run("think", "-m", TOY, "--precision", "f32", "-p", ASK[0]["content"], "-n", "14", "--json").stdout)
        self.assertNotEqual(line["reply"], line["first"]["reply"])
        for more in ({"model": "think-any"}, {"ponder": {"budget_s": 10}}):
            body = {"messages": ASK, "max_tokens": 14, **more}
            whole = self.server.post(CHAT, body)
            self.assertEqual(whole["choices"][0]["message"]["content"], line["reply"])
            self.assertEqual(whole["ponder"]["logprob"], line["logprob"])
            deltas = [e["choices"][0]["delta"] for e in self.server.events(CHAT, body)]
            self.assertEqual("".join(d.get("content", "") for d in deltas), line["reply"])
            told = "".join(d.get("reasoning_content", "") for d in deltas)
            self.assertIn(line["first"]["reply"], told)
            self.assertIn(line["reply"], told)
        for wrong in ({"ponder": {"budget": 1}}, {"ponder": 3}, {"ponder": {}, "n": 2}, {"model": "think-any", "logprobs": True}):
            self.assertEqual(self.server.ask("POST", CHAT, {"messages": ASK, **wrong})[0], 400, wrong)

    def test_a_search_is_hurried_and_dropped(self):
        """A search that would take an hour; its end is asked for by another connection."""
        hour = {"messages": ASK, "budget_s": 3600, "max_tokens": 400, "methods": ["anneal"], "stream": True}
        for action, last in (("control", "done"), ("drop", "error")):
            with self.server.connection() as c:
                c.request("POST", "/v1/think", json.dumps(hour))
                r = c.getresponse()
                name = r.headers["X-Think-Id"]
                while r.readline() != b"event: first\n":
                    pass
                if action == "control":
                    self.assertEqual(self.server.ask("POST", f"/v1/think/{name}/control", {"action": "stay"})[0], 400)
                    self.server.post(f"/v1/think/{name}/control", {"action": "finish"})
                else:
                    self.assertEqual(self.server.ask("DELETE", f"/v1/think/{name}")[0], 200)
                self.assertIn(f"event: {last}\n", r.read().decode())
        wait_for(lambda: self.server.metric("ponder_jobs_running") == 0)

    def test_bodies_that_are_wrong(self):
        deep = "[" * 5000000 + "]" * 5000000  # 10 MB
        bad = [(CHAT, "{"), (CHAT, "[]"), (CHAT, {}), (CHAT, {"messages": []}), (CHAT, {"messages": ASK, "n": 0}), (CHAT, {"messages": ASK, "n": 1.5}),
               (CHAT, {"messages": ASK, "temperature": -1}), (CHAT, {"messages": ASK, "stop": [1]}), (CHAT, {"messages": ASK, "logit_bias": {"1": 2}}),
               (CHAT, {"messages": ASK, "max_tokens": 10**9}), (CHAT, {"messages": ASK, "response_format": {"type": "json_object"}}), (CHAT, deep),
               (CHAT, {"messages": ASK, "top_logprobs": 3}), (TEXT, {}), (TEXT, {"prompt": [[10**6]]}), (TEXT, {"prompt": [[]]}), (TEXT, {"prompt": 3}),
               (TEXT, {"prompt": "a", "max_tokens": 0}), (TEXT, {"prompt": "a", "best_of": 2, "n": 3}), (TEXT, {"prompt": "a", "stop": ""}),
               (TEXT, {"prompt": "a", "seed": "x"}), ("/tokenize", {"prompt": 1}), ("/detokenize", {"tokens": [-1]}), ("/v1/decisions", {}), ("/v1/systemone", {}),
               ("/v1/systemone", {"state": "a", "questions": {"b": {"type": "noul"}}}), ("/v1/systemone", {"state": "a", "questions": {"b": {"type": "choice", "criteria": []}}}),
               ("/v1/answers", {"question": "a", "draw": 1}), ("/v1/answers", {"draws": 1}),
               ("/v1/think", {"messages": ASK, "methods": ["no"]}), ("/v1/think", {"messages": ASK, "budget_s": 0}), ("/v1/think", {"budget_s": 1})]
        for path, body in bad:
            status, _, got = self.server.ask("POST", path, body)
            self.assertEqual(status, 400, (path, body if body != deep else "deep", got))
            self.assertIn("expected", got["error"]["message"])
        self.assertEqual(self.server.ask("POST", CHAT, {"messages": ASK, "n": 0})[2]["error"]["param"], "n")
        _, headers, _ = self.server.ask("POST", CHAT, {"messages": ASK, "max_tokens": 1, "colour": 1})
        self.assertIn("colour", headers["Warning"])

    def test_prompts_longer_than_the_context(self):
        long, ask = "14 and 8 " * 2000, {"type": "choice", "instructions": "What is it?", "choices": [{"value": "22"}, {"value": "no"}]}
        for path, body in ((CHAT, {"messages": [{"role": "user", "content": long}]}), (TEXT, {"prompt": long}), (TEXT, {"prompt": long, "echo": True, "max_tokens": 0}),
                           ("/v1/decisions", {"input": long, "questions": [ask]}),
                           ("/v1/systemone", {"state": long, "questions": {"it": {"type": "choice", "criteria": {"22": None, "no": None}}}}),
                           ("/v1/answers", {"question": long}), ("/v1/answers", {"question": long, "way": "draws"}),
                           ("/v1/think", {"messages": [{"role": "user", "content": long}]})):
            status, _, got = self.server.ask("POST", path, body)
            self.assertEqual((path, status), (path, 400), got)
            self.assertIn("expected", got["error"]["message"])

    def test_the_page(self):
        status, headers, html = self.server.ask("GET", "/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertTrue(headers["Content-Security-Policy"].startswith("default-src 'self'"))
        for path in re.findall(r'(?:src|href)="(/[^"]+)"', html):
            status, _, text = self.server.ask("GET", path)
            self.assertEqual(status, 200, path)
            with open(os.path.join(os.environ["PONDER_SOURCE_DIR"], "apps", "serve", *path.split("/")), encoding="utf-8") as f:
                self.assertEqual(text, f.read())
        self.assertEqual(self.server.ask("GET", "/page/..")[0], 404)

    def test_what_is_no_request_of_ours(self):
        self.assertEqual(self.server.ask("GET", "/no")[0], 404)
        self.assertEqual(self.server.ask("GET", CHAT)[0], 405)
        self.assertEqual(self.server.ask("GET", "/health", headers={"Host": "evil.example"})[0], 403)
        self.assertEqual(self.server.ask("GET", "/health", headers={"Host": "localhost:1"})[0], 200)
        with socket.create_connection(("127.0.0.1", self.server.port)) as s:
            s.sendall(b"hello\r\n\r\n")
            self.assertIn(b"400 Bad Request", s.recv(4096))
        with socket.create_connection(("127.0.0.1", self.server.port)) as s:
            s.sendall(b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n")
            self.assertIn(b"413", s.recv(4096))

    def test_clients_that_leave(self):
        """In the middle of a body, before the answer, and in a stream: the work ends, the others go on."""
        hour = json.dumps({"messages": ASK, "budget_s": 3600, "max_tokens": 400, "methods": ["anneal"]}).encode()
        long = json.dumps({"messages": ASK, "temperature": 3, "max_tokens": 400, "n": 100, "stream": True}).encode()
        before = self.server.open_files()
        head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        for path, body, read in ((b"/v1/think", b"{", 0), (b"/v1/think", hour, 0), (CHAT.encode(), long, 2000)):
            with socket.create_connection(("127.0.0.1", self.server.port)) as s:
                s.sendall(head % (path, max(len(body), 50)) + body)
                if body == hour:
                    wait_for(lambda: self.server.metric("ponder_jobs_running") == 1)
                if read:
                    s.recv(read)
        with self.server.connection() as c:  # one that watches a search
            c.request("POST", "/v1/think", json.dumps({**json.loads(hour), "budget_s": 1, "stream": True}))
            c.getresponse().readline()
        wait_for(lambda: self.server.metric("ponder_jobs_running") == 0)
        self.assertTrue(self.server.post(CHAT, {"messages": ASK, "max_tokens": 2})["choices"])
        wait_for(lambda: self.server.open_files() <= before)

    def test_a_slow_reader(self):
        """It stops nobody, and gets all of its stream in the end."""
        # Seven megabytes: more than the system holds between two sockets, less than the server waits with.
        body = {"messages": ASK, "temperature": 50, "seed": 1, "max_tokens": 400, "n": 34, "logprobs": True, "top_logprobs": 20}
        whole = self.server.post(CHAT, body)["usage"]["completion_tokens"]
        with self.server.connection() as c:
            c.sock = socket.socket()
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # before the window is agreed on
            c.sock.settimeout(60)
            c.sock.connect(("127.0.0.1", self.server.port))
            c.request("POST", CHAT, json.dumps({**body, "stream": True, "stream_options": {"include_usage": True}}))
            r = c.getresponse()
            r.readline()
            wait_for(lambda: self.server.metric("ponder_jobs_running") == 0)
            self.assertTrue(self.server.post(CHAT, {"messages": ASK, "max_tokens": 2})["choices"])
            usage, end = r.read().split(b"\n\n")[-3:-1]
            self.assertEqual(end, b"data: [DONE]")
            self.assertEqual(json.loads(usage[6:])["usage"]["completion_tokens"], whole)

    def test_one_connection_many_requests(self):
        with self.server.connection() as c:
            for i in range(3):
                c.request("POST", CHAT, json.dumps({"messages": ASK, "max_tokens": 3, "seed": i, "stream": i == 1}))
                r = c.getresponse()
                self.assertEqual(r.status, 200)
                r.read()


if __name__ == "__main__":
    unittest.main()
