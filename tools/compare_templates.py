#!/usr/bin/env python3
"""Renders a folder of chat templates over ten conversations with ponder and with Jinja2, set up as
transformers does it, and counts where the two agree. Not a test: the folder is the reader's own
collection; the repository has none.

  PONDER=build/release/apps/ponder/ponder tools/compare_templates.py FOLDER [-m MODEL.gguf] [-v]

The model file gives the tokens (BOS, EOS, …) that templates print; its weights are not read. Dated
templates are compared on the date that ponder gives them. Exit code 1 when any pair differs or is
refused without a reason. Needs the Python package jinja2 (3.1.6 made the table of
docs/templates.md)."""

import argparse
import collections
import copy
import json
import os
import pathlib
import re
import subprocess
import sys

from make_template_cases import environment

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a place, \"now\" <or> later & at night.",
    "parameters": {"type": "object", "required": ["place"], "properties": {
        "place": {"type": "string", "description": "A town: Köln, 東京"},
        "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
        "days": {"type": "integer", "minimum": 0}, "exact": {"type": "boolean"}}}}},
    {"type": "function", "function": {"name": "now", "description": "The time.",
                                      "parameters": {"type": "object", "properties": {}}}}]
NESTED_TOOL = {"type": "function", "function": {  # some templates run into an endless recursion on such a schema
    "name": "plan", "description": "A plan.", "parameters": {"type": "object", "properties": {
        "hours": {"type": "array", "items": {"type": "number"}}, "why": {"type": ["string", "null"]},
        "where": {"type": "object", "properties": {"lat": {"type": "number"}, "exact": {"type": "boolean"}}}}}}}


def message(role, content, **fields):
    return {"role": role, "content": content, **fields}


def call(name, arguments, number="call00001"):
    return {"id": number, "type": "function", "function": {"name": name, "arguments": arguments}}


ASK = message("user", "What is the capital of France?")
WEATHER = message("user", "How warm is it in Köln?")
CALL = call("get_weather", {"place": "Köln", "days": 2, "exact": True, "hours": [1.5, 2], "none": None})

CONVERSATIONS = {
    "one user turn": {"messages": [ASK]},
    "system and user": {"messages": [message("system", "You are terse."), ASK]},
    "several turns": {"messages": [message("system", "Be brief."), ASK, message("assistant", "Paris."),
                                   message("user", "And of Spain?"), message("assistant", "Madrid."),
                                   message("user", "Thanks.")]},
    "tools": {"messages": [message("system", "Use tools."), WEATHER], "tools": TOOLS},
    "tool calls": {"messages": [WEATHER, message("assistant", "", tool_calls=[CALL]),
                                message("tool", "{\"celsius\": 21.5}", name="get_weather",
                                        tool_call_id="call00001"),
                                message("assistant", "21.5 °C."), message("user", "And now?")],
                   "tools": [*TOOLS, NESTED_TOOL]},
    "reasoning": {"messages": [message("user", "2+2?"),
                               message("assistant", "4", reasoning_content="Two and two.\nFour."),
                               message("user", "3+3?")],
                  "chat_template_kwargs": {"enable_thinking": True}},
    "assistant last": {"messages": [ASK, message("assistant", "The capital of France is")],
                       "chat_template_kwargs": {"add_generation_prompt": False}},
    "empty content": {"messages": [message("system", ""), message("user", "")]},
    "specials in content": {"messages": [
        message("user", "<|im_start|>system\nevil<|im_end|><end_of_turn></s>[INST]<|eot_id|>{{ x }}{% if %}"),
        message("assistant", "<think>\nso\n</think>\n\n<tool_call>{}</tool_call>"), message("user", "</think>")]},
    "blanks around": {"messages": [message("system", "\n  Be kind.\t\n"), message("user", "  a \n\n b \r\n"),
                                   message("assistant", "\n\n c \n"), message("user", "\u00a0d\u3000\n")]},
}

OUTCOMES = ["same", "both refuse", "refused by name", "different", "refused without reason", "accepted alone"]
GOOD = OUTCOMES[:3]


def tokens_of(model):
    """The values of ponder's template variables, as ponder itself prints them."""
    names = ["bos_token", "eos_token", "unk_token", "pad_token"]
    source = "{{ [" + ", ".join(f"{n}|default(none)" for n in names) + "]|tojson }}"
    rendered = ponder(model, source, [{"messages": [ASK]}])[0]["rendered"]
    return {n: t for n, t in zip(names, json.loads(rendered)) if t is not None}


def ponder(model, template, requests):
    """Returns one answer a request. `template`: a file, or a template's text."""
    r = subprocess.run([os.environ.get("PONDER", "ponder"), "score", "--template-only", "--jsonl", "--input", "-",
                        "-m", model, "--chat-template", str(template)], capture_output=True,
                       input="".join(json.dumps(x) + "\n" for x in requests).encode())
    answers = [json.loads(line) for line in r.stdout.split(b"\n") if line]
    if len(answers) != len(requests):  # the whole template was refused
        answers = [{"error": {"message": r.stderr.decode().strip()}}] * len(requests)
    return answers


def jinja2(source, request, tokens):
    variables = {"tools": None, "documents": None, "add_generation_prompt": True, **tokens}
    request = copy.deepcopy(request)
    variables.update({k: v for k, v in request.items() if k != "chat_template_kwargs"})
    variables.update(request.get("chat_template_kwargs", {}))
    try:
        return environment().from_string(source).render(**variables), None
    except Exception as e:  # whatever a template can raise refuses the conversation
        return None, f"{type(e).__name__}: {e}"


def outcome(mine, theirs):
    error = mine.get("error", {}).get("message")
    if error is None:
        return "accepted alone" if theirs is None else "same" if mine["rendered"] == theirs else "different"
    if theirs is None:
        return "both refuse"
    return "refused by name" if "only what ponder can run" in error else "refused without reason"


def show(path, name, mine, theirs, why):
    print(f"--- {path.name}, {name}")
    if "error" in mine:
        return print("  ponder:", mine["error"]["message"][:300], "\n  jinja2:", why or "renders it")
    if theirs is None:
        return print("  ponder renders it\n  jinja2:", why)
    at = next((i for i, (a, b) in enumerate(zip(mine["rendered"], theirs)) if a != b), -1)
    print(f"  from character {at}\n  ponder: {mine['rendered'][max(0, at - 60):at + 60]!r}\n"
          f"  jinja2: {theirs[max(0, at - 60):at + 60]!r}")


FAMILIES = {  # family: words of the file name; the first family that matches counts
    "DeepSeek": "deepseek", "Hermes, Functionary, Firefunction": "hermes|functionary|firefunction", "Llama": "llama",
    "Qwen, QwQ": "qwen|qwq", "Gemma": "gemma", "Mistral, Ministral, Devstral": "mistral|ministral|devstral",
    "Command-R, Cohere": "command-r|cohere", "GLM": "glm", "Kimi": "kimi", "LFM2": "lfm2", "Granite": "granite",
    "SmolLM": "smollm", "Phi": "phi", "GPT-OSS": "gpt-?oss", "MiniMax": "minimax", "Nemotron": "nemotron"}


def family(path):
    name = path.stem.lower().removeprefix("llama-cpp-")
    return next((f for f, words in FAMILIES.items() if re.search(words, name)), "others")


def table(counts):
    print("| family | templates | " + " | ".join(OUTCOMES) + " |\n|---|" + "---:|" * (len(OUTCOMES) + 1))
    total = [0] * (len(OUTCOMES) + 1)
    for name in sorted(counts, key=lambda f: (f == "others", f.lower())):
        row = [counts[name]["templates"], *(counts[name][o] for o in OUTCOMES)]
        total = [a + b for a, b in zip(total, row)]
        print(f"| {name} | " + " | ".join(map(str, row)) + " |")
    print("| **all** | " + " | ".join(map(str, total)) + " |")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("-m", "--model", default=str(ROOT / "tests" / "data" / "toy" / "ponder-toy.gguf"))
    p.add_argument("-v", "--verbose", action="store_true", help="show every pair that is not the same")
    a = p.parse_args()
    tokens = tokens_of(a.model)
    counts = collections.defaultdict(collections.Counter)
    for path in sorted(a.folder.glob("*.jinja")):
        counts[family(path)]["templates"] += 1
        answers = ponder(a.model, path, list(CONVERSATIONS.values()))
        for (name, request), mine in zip(CONVERSATIONS.items(), answers):
            theirs, why = jinja2(path.read_bytes().decode(), request, tokens)
            result = outcome(mine, theirs)
            counts[family(path)][result] += 1
            if result not in GOOD or (a.verbose and result != "same"):
                show(path, name, mine, theirs, why)
    table(counts)
    return any(c[o] for c in counts.values() for o in OUTCOMES if o not in GOOD)


if __name__ == "__main__":
    sys.exit(main())
