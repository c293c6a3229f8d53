"""Real clients against ponder serve: the openai package, lm-evaluation-harness, the System One client, a reader of
OpenMetrics, schemathesis over the OpenAPI file.

    serve_clients.py FOLDER        FOLDER gets a virtual environment, made once. Returns 77 when pip cannot.
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "unit")]
from fetched_python import python_with  # noqa: E402
from ponder_cli import TOY, jsonl, lines, run  # noqa: E402
from server import Server  # noqa: E402

REQUIREMENTS = ["openai==3.57.0", "lm-eval[api]==0.4.13", "schemathesis==4.32.5", "typesafe-sdk==0.7.5", "prometheus-client==0.23.1"]

OPENAI = """
import asyncio, sys
import openai
url = sys.argv[1] + "/v1"
client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
ask = dict(model="any", messages=[{"role": "user", "content": "What is the sum of 14 and 8?"}], temperature=1, seed=1, max_tokens=10)
assert [m.id.startswith("think-") for m in client.models.list()] == [False, True]
whole = client.chat.completions.create(**ask, n=3, logprobs=True, top_logprobs=2)
assert len(whole.choices) == 3 and whole.usage.prompt_tokens > 0
first = whole.choices[0]
assert first.finish_reason in ("stop", "length") and len(first.logprobs.content[0].top_logprobs) == 2
chunks = list(client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == first.message.content
assert chunks[-1].usage.total_tokens > 0 and chunks[-2].choices[0].finish_reason == first.finish_reason
text = client.completions.create(model="any", prompt=["The sum", "14"], echo=True, logprobs=1, max_tokens=3, n=2)
assert [c.index for c in text.choices] == [0, 1, 2, 3] and text.choices[0].text.startswith("The sum")
assert text.choices[0].logprobs.token_logprobs[0] is None
parts = list(client.completions.create(model="any", prompt="The sum", stream=True, max_tokens=3, seed=1))
assert parts[-1].choices[0].finish_reason in ("stop", "length")
for wrong, param in (({"n": 0}, "n"), ({"temperature": -1}, "temperature"), ({"messages": []}, "messages")):
    try:
        client.chat.completions.create(**{**ask, **wrong})
        raise SystemExit(f"{wrong} was taken")
    except openai.BadRequestError as e:
        assert e.param == param, e.param

async def many():
    c = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    return await asyncio.gather(*(c.chat.completions.create(**{**ask, "seed": 1}) for _ in range(16)))
assert {a.choices[0].message.content for a in asyncio.run(many())} == {first.message.content}
print("openai", openai.__version__, "passed")
"""

SYSTEM_ONE = """
import sys
import typesafe_sdk as sdk
with sdk.TypeSafeClient(api_key="none", base_url=sys.argv[1]) as client:
    ask = dict(model="any", state={"sum": "14 and 8"}, questions={
        "big": sdk.Noul(instructions="Is it above 20?", criteria={"true": "21 and more", "false": "20 and less"}),
        "which": sdk.Choice(instructions="What is it?", criteria={"22": "the sum", "6": None, "112": None}),
        "level": sdk.Score(criteria=["small", "middling", "large"])})
    got = client.system_one(**ask)
    assert 0 < got.nouls["big"].noul < 1
    which, level = got.choices["which"], got.scores["level"]
    assert list(which.probabilities) == ["22", "6", "112"] and abs(sum(which.probabilities.values()) - 1) < 1e-12
    assert which.choice == max(which.probabilities, key=which.probabilities.get)
    assert abs(which.confidence - (3 * max(which.probabilities.values()) - 1) / 2) < 1e-12
    assert level.legend == {0: "small", 1: "middling", 2: "large"}
    assert abs(level.score - sum(k * p for k, p in level.probabilities.items())) < 1e-12
    assert got.usage.input_tokens > 0 and got.usage.output_tokens == 0
    try:
        client.system_one(**{**ask, "questions": {"one": sdk.Choice(criteria={"a": None})}})
        raise SystemExit("a choice of one was taken")
    except sdk.TypeSafeError as e:
        assert "two labels" in str(e), e
print("typesafe-sdk passed")
"""

METRICS = """
import sys, urllib.request
from prometheus_client import openmetrics, parser
import prometheus_client.openmetrics.parser
for kind, read in (("text/plain", parser), ("application/openmetrics-text", openmetrics.parser)):
    with urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/metrics", headers={"Accept": kind})) as r:
        assert r.headers["Content-Type"].startswith(kind), r.headers
        families = {f.name: f for f in read.text_string_to_metric_families(r.read().decode())}
    assert families["ponder_requests"].type == "counter" and families["ponder_requests"].samples, families
    assert families["ponder_requests"].documentation == "Requests answered.", families
print("prometheus-client passed")
"""

DOCUMENTS = [("What is the sum of 14 and 8?", ["22", "9", "30"], 0), ("What is the sum of 3 and 4?", ["5", "7", "12"], 1),
             ("The sum of 9 and 1 is", ["10", "2 is", "1."], 0)]
TASK = """task: sums
dataset_path: json
dataset_kwargs:
  data_files: {data}
test_split: train
output_type: multiple_choice
doc_to_text: "{{{{q}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{label}}}}"
metric_list:
  - metric: acc
"""


def check_scripts(python, server):
    return any([subprocess.run([python, "-c", script, server.url]).returncode for script in (OPENAI, SYSTEM_ONE, METRICS)])


def harness_log_probabilities(python, server, folder, concurrent):
    """The log-probabilities that lm-evaluation-harness got of each document's choices."""
    data, out = os.path.join(folder, "sums.jsonl"), os.path.join(folder, f"out{concurrent}")
    with open(data, "w", encoding="utf-8") as f:
        f.writelines(json.dumps({"q": q, "choices": c, "label": label}) + "\n" for q, c, label in DOCUMENTS)
    with open(os.path.join(folder, "sums.yaml"), "w", encoding="utf-8") as f:
        f.write(TASK.format(data=data))
    settings = f"model=any,base_url={server.url}/v1/completions,tokenizer_backend=remote,num_concurrent={concurrent}"
    command = [python, "-m", "lm_eval", "--model", "local-completions", "--model_args", settings, "--tasks", "sums", "--include_path", folder,
               "--output_path", out, "--log_samples"]
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": os.path.join(folder, "hf")}
    r = subprocess.run(command, env={**os.environ, **offline}, capture_output=True, text=True)
    if r.returncode:
        sys.exit(r.stderr[-3000:])
    samples = glob.glob(os.path.join(out, "**", "samples*.jsonl"), recursive=True)
    with open(samples[0], encoding="utf-8") as f:
        rows = sorted((json.loads(x) for x in f), key=lambda x: x["doc_id"])
    return [[float(r[0][0]) for r in row["resps"]] for row in rows]


def check_harness(python, server):
    """Sums that the harness got equal those of `ponder score`, to the bit."""
    def ids(text):
        return server.post("/tokenize", {"prompt": text, "add_special_tokens": False})["tokens"]

    requests = []
    for q, choices, _ in DOCUMENTS:
        for c in choices:
            whole, context = ids(f"{q} {c}"), ids(q)
            requests.append({"prompt_ids": whole[: len(context)], "reply_ids": whole[len(context) :]})
    scored = iter(sum(x["logprobs"]) for x in lines(run("score", "-m", TOY, "--precision", "f32", "--input", "-", stdin=jsonl(*requests))))
    expected = [[next(scored) for _ in choices] for _, choices, _ in DOCUMENTS]
    for concurrent in (1, 8):
        with tempfile.TemporaryDirectory() as folder:
            got = harness_log_probabilities(python, server, folder, concurrent)
        if got != expected:
            print(f"num_concurrent {concurrent}: expected {expected}, got {got}")
            return 1
    print("lm-evaluation-harness passed")
    return 0


def check_schema(python, server):
    """No body of the OpenAPI file's shapes, and none that nearly has them, makes the server fail."""
    command = [python, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--checks", "not_a_server_error,unsupported_method",
               "--max-examples", "10", "--seed", "1"]
    return subprocess.run(command, cwd=tempfile.gettempdir()).returncode


def main():
    python = python_with(REQUIREMENTS, sys.argv[1])
    with Server("--time-limit", "3") as server:  # for searches that the schema's bodies ask for
        failed = [check.__name__ for check in (check_scripts, check_harness, check_schema) if check(python, server)]
        if server.ask("GET", "/health")[0] != 200:
            failed.append("health")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
