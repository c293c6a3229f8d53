"""Every call gives what the program prints with --json for the same settings, to the last bit."""

import json
import os

import numpy as np
import pytest
from conftest import SUM, TOY, lasting, program, program_json

import ponder

def agree(result, printed, without=()):
    got = result.to_dict()
    for key in without:
        got.pop(key)
    assert lasting(got) == lasting(printed)


@pytest.mark.parametrize("settings, flags", [
    ({}, []),
    ({"temperature": 0.8, "seed": 3, "top_k": 40, "top_p": 0.9, "min_p": 0.01, "repetition_penalty": 1.1},
     ["--temp", "0.8", "--seed", "3", "--top-k", "40", "--top-p", "0.9", "--min-p", "0.01", "--repeat-penalty", "1.1"]),
    ({"temperature": 1.0, "n": 5, "seed": 1}, ["--temp", "1", "--best-of", "5", "--seed", "1"]),
    ({"beam": 4, "max_length": 12}, ["--beam", "4", "--max-length", "12"]),
    ({"target": "fixed", "length": 6}, ["--target", "fixed", "--length", "6"]),
    ({"min_length": 12, "system": "Be brief."}, ["--min-length", "12", "-sys", "Be brief."]),
])  # fmt: skip
def test_generate(toy, settings, flags):
    r = toy.generate(SUM, **settings)
    agree(r, program_json("generate", "-p", SUM, *flags))
    assert len(r.replies) == (settings["n"] if "n" in settings else 0)


def test_generate_tells_its_tokens(toy):
    r = toy.generate(SUM)
    assert "".join(t.text for t in r.tokens) == r.reply
    assert sum(t.logprob for t in r.tokens) == pytest.approx(r.logprob, abs=1e-9)
    assert len(r.tokens) == r.n_tokens == len(r.reply_ids)


def test_raw_text_ids_and_messages(toy):
    raw = toy.generate(ponder.RawText("The sum"), max_length=5)
    agree(raw, program_json("generate", "-p", "The sum", "-no-cnv", "--max-length", "5"))
    rendered, ids = toy.prompt(SUM)
    assert "<|im_start|>" in rendered
    for prompt in (ids, ids.tolist(), [{"role": "user", "content": SUM}]):
        agree(toy.generate(prompt), program_json("generate", "-p", SUM))
    line = json.dumps({"question": SUM})
    assert ids.tolist() == json.loads(program("score", "--template-only", "--input", "-", stdin=line))["prompt_ids"]


def test_score(toy):
    replies = ["14 + 8 = 22.", "14 + 8 = 23.", toy.tokenize("No.")]
    scores = toy.score(SUM, replies, end=True, alpha=2, pseudo=5)
    for reply, s in zip(["14 + 8 = 22.", "14 + 8 = 23.", "No."], scores, strict=True):
        printed = program_json("score", "-p", SUM, "--reply", reply, "--end", "--alpha", "2", "--pseudo", "5")
        assert s.to_dict() == printed
        assert s.logprobs.dtype == np.float64 and s.logprobs.shape == s.reply_ids.shape
        assert "".join(s.texts) == reply


def test_score_logits_and_ids(toy, tmp_path):
    (s,) = toy.score(SUM, ["22"], logits=True)
    program("score", "-p", SUM, "--reply", "22", "--json", "--logits", str(tmp_path))
    assert np.array_equal(s.logits, np.load(tmp_path / "0.npy")) and s.logits.dtype == np.float32
    ids = [int(v) for v in s.reply_ids]
    (restricted,) = toy.score(SUM, [ids], allow_ids=ids)
    printed = program_json("score", "-p", SUM, "--reply", "22", "--allow-ids", ",".join(map(str, ids)))
    assert restricted.to_dict() == printed and restricted.sum > s.sum


def test_grad(toy, tmp_path):
    g = toy.grad(SUM, "14 + 8 = 22.", end=True)
    printed = program_json("grad", "-p", SUM, "--reply", "14 + 8 = 22.", "--end", "--out", str(tmp_path))
    assert g.value == printed["value"] and np.array_equal(g.gradient, np.load(tmp_path / "0.npy"))
    assert g.gradient.dtype == np.float32 and g.gradient.shape == (9, 64)


def test_relaxed_grad(toy, tmp_path):
    candidates, weights = [[5, 9], [9, 13]], [[0.25, 0.75], [0.5, 0.5]]
    g = toy.grad(SUM, candidates=candidates, weights=weights)
    line = json.dumps({"question": SUM, "candidates": candidates, "weights": weights})
    printed = json.loads(program("grad", "--input", "-", "--out", str(tmp_path), stdin=line))
    assert g.value == printed["value"] and np.array_equal(g.gradient, np.load(tmp_path / "0.npy"))
    assert g.gradient.shape == (2, 2)


@pytest.mark.parametrize("settings, flags", [
    ({"budget": "3000t"}, ["--budget", "3000t"]),
    ({"budget": "6000t", "methods": ["beam:width=8", "anneal:chains=4"], "temperature": 1, "seed": 2},
     ["--budget", "6000t", "--method", "beam:width=8,anneal:chains=4", "--temp", "1", "--seed", "2"]),
    ({"budget": "4000t", "any_length": True, "beam": 8, "drafts": 1, "batch": 16, "patience": "2000t"},
     ["--budget", "4000t", "--any-length", "--beam", "8", "--drafts", "1", "--batch", "16", "--patience", "2000t"]),
])  # fmt: skip
def test_think(toy, settings, flags):
    t = toy.think(SUM, **settings)
    agree(t, program_json("think", "-p", SUM, *flags), without=["tokens"])
    assert "".join(x.text for x in t.tokens) == t.reply
    assert t.logprob >= t.first.logprob and t.first.reply_ids[-1] == t.reply_ids[-1]


@pytest.mark.parametrize("settings, flags", [
    ({"budget": "5000t"}, ["--budget", "5000t"]),
    ({"n_best": 3, "length_prior": "0.1", "terms": ["forbid:hard:22"]},
     ["--n-best", "3", "--length-prior", "0.1", "--term", "forbid:hard:22"]),
    ({"per_length": True, "budget": "3000t"}, ["--per-length", "--budget", "3000t"]),
])  # fmt: skip
def test_prove(toy, settings, flags):
    agree(toy.prove(SUM, **settings), program_json("prove", "-p", SUM, *flags))


def test_a_proof_is_written_down_and_checked(toy, tmp_path):
    p = toy.prove(SUM, record=True)
    program("prove", "-p", SUM, "--certificate", str(tmp_path / "sum.json"))
    assert p.proof == (tmp_path / "sum.json").read_text()
    c = toy.check(p.proof)
    assert c.valid and lasting(c.to_dict()) == lasting(program_json("prove", "--check", str(tmp_path / "sum.json"), model=TOY))
    changed = json.loads(p.proof)
    changed["replies"][0]["logprob"] += 1
    assert not toy.check(json.dumps(changed)).valid


@pytest.mark.parametrize("settings, flags", [
    ({"draws": 8, "seed": 4}, ["--draws", "8", "--seed", "4"]),
    ({"kind": "number", "way": "draws", "draws": 8, "temperature": 1, "distinct": True},
     ["--answer", "number", "--way", "draws", "--draws", "8", "--temp", "1", "--distinct"]),
    ({"kind": "number:first", "way": "enumeration", "budget": "4000t"},
     ["--answer", "number:first", "--way", "enumeration", "--budget", "4000t"]),
])  # fmt: skip
def test_answer(toy, own_home, settings, flags):
    a = toy.answer(SUM, **settings)
    agree(a, program_json("answer", "-p", SUM, *flags))
    assert a.lower <= a.mass <= a.upper and a.answers[0].answer == a.answer


TEXT = "I was charged twice."


def test_decide(toy):
    d = toy.decide(TEXT, choices=["billing", "technical"], prior=True, orders=True)
    printed = program_json("decide", "-p", TEXT, "--choice", "billing|technical", "--prior", "--orders")
    assert d.choice == printed["answers"][0]["choice"] and d.mass == printed["answers"][0]["mass"]
    yes = toy.decide(TEXT, predicate="Is the guest content?", listed=False)
    assert yes.probability == program_json("decide", "-p", TEXT, "--predicate", "Is the guest content?", "--unlisted")["answers"][0]["probability"]
    level = toy.decide(TEXT, levels=["bad", "fair", "good"])
    assert level.score == program_json("decide", "-p", TEXT, "--score", "bad|fair|good")["answers"][0]["score"]
    questions = [{"type": "choice", "instructions": "Which?", "choices": [{"value": True}, {"value": False}]}, {"type": "predicate", "instructions": "Is it so?"}]
    printed = json.loads(program("decide", "--input", "-", stdin=json.dumps({"input": TEXT, "questions": questions})))
    agree(toy.decisions(TEXT, questions), printed)


def test_sample(toy, tmp_path):
    settings = {"alpha": 2, "chains": 4, "draws": 30, "warmup": 10, "thin": 2, "seed": 7, "max_length": 12, "terms": ["keyword:1:22"]}
    flags = "--alpha 2 --chains 4 --draws 30 --warmup 10 --thin 2 --seed 7 --max-length 12 --term keyword:1:22".split()
    d = toy.sample(SUM, **settings)
    out = tmp_path / "draws.jsonl"
    agree(d, program_json("sample", "-p", SUM, *flags))
    program("sample", "-p", SUM, *flags, "--out", str(out))
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 4 * 30 and d.logprobs.shape == (4, 30)
    for r in rows:
        c, i = r["chain"], r["draw"]
        n = d.trace.length[c, i]
        assert d.logprobs[c, i] == r["logprob"] and d.trace.tokens[c, i, :n].tolist() == r["reply_ids"]
        assert (d.trace.tokens[c, i, n:] == -1).all()


def test_sample_with_an_exchange(toy):
    settings = {"kernel": "exchange+suffix", "rungs": 3, "chains": 2, "draws": 5, "warmup": 4, "max_length": 8}
    flags = "--kernel exchange+suffix --rungs 3 --chains 2 --draws 5 --warmup 4 --max-length 8".split()
    d = toy.sample(SUM, **settings)
    agree(d, program_json("sample", "-p", SUM, *flags))
    assert len(d.diagnostics.swaps) == 2


def test_landscape(toy, tmp_path):
    name = str(tmp_path / "sum")
    land = toy.landscape(SUM, size=8, seeds=2, points=20, max_length=20)
    agree(land, program_json("landscape", "-p", SUM, "--size", "8", "--seeds", "2", "--points", "20", "--max-length", "20", "--out", name))
    rows = np.loadtxt(name + ".csv", delimiter=",", skiprows=1, usecols=(0, 1, 2))
    assert land.cells.at.shape == (8, 8, 2) and land.cells.peak.shape == (8, 8)
    assert np.allclose(rows[:, :2], land.cells.at.reshape(-1, 2), atol=1e-6)
    assert land.peaks[0].reply == land.start.reply and all(len(w.paths) == 2 for w in land.walks.values())


FITNESS = {"terms": [{"kind": "gc", "target": 0.5, "deviation": 0.1}], "forbidden": ["GAATTC"]}


@pytest.mark.parametrize("settings, flags", [
    ({"length": 20, "n": 6, "tau": 0.5, "warmup": 20, "chains": 3, "seed": 1},
     "--length 20 -n 6 --tau 0.5 --warmup 20 --chains 3 --seed 1"),
    ({"length": 20, "n": 2, "method": "anneal", "steps": 20}, "--length 20 -n 2 --method anneal --steps 20"),
])  # fmt: skip
def test_design(settings, flags):
    d = ponder.design(FITNESS, **settings)
    agree(d, program_json("design", "--fitness", json.dumps(FITNESS), *flags.split(), model=None))
    assert len(d.designs) == settings["n"] and all("GAATTC" not in x.sequence for x in d.designs)
    assert (d.trace is not None) == (d.method == "sample")


def test_design_reads_a_file_and_scores(tmp_path):
    (tmp_path / "fitness.json").write_text(json.dumps({"terms": [{"kind": "gc", "target": 0.5, "deviation": 0.1}]}))
    d = ponder.design(tmp_path / "fitness.json", given=["ACGTACGT", "AAAAAAAA"])
    assert d.designs[0].fitness > d.designs[1].fitness


def test_tokens(toy):
    ids = toy.tokenize(SUM)
    assert ids.dtype == np.int32 and {"ids": ids.tolist()} == json.loads(program("tokenize", "-m", TOY, "-p", SUM, "--json", model=None))
    assert toy.detokenize(ids) == SUM
    special = "<|im_end|>"
    assert len(toy.tokenize(special)) == 1 < len(toy.tokenize(special, parse_special=False))
    assert toy.detokenize(toy.tokenize(special), with_special=False) == ""


def test_info_and_bench(toy):
    printed = program_json("info")
    assert toy.info() == printed
    b = toy.bench(repeats=1, only=["rows64x24"])
    assert set(b.rates) == {"rows64x24"} and b.rates["rows64x24"].median > 0 and b.precision == "f32"


def test_a_calibration_is_found_and_used(toy, own_home, tmp_path):
    """What `ponder calibrate` keeps for a model is taken where the settings are those of its questions."""
    how = {"way": "draws", "draws": 4, "max_length": 14, "kind": "number"}
    flags = "--way draws --draws 4 --max-length 14 --answer number".split()
    sums = [(1 + i % 9, 1 + i // 9, i % 3 == 0) for i in range(60)]  # every third known answer is wrong
    questions = [{"question": f"What is the sum of {a} and {b}?", "answers": [str(a + b + wrong)]} for a, b, wrong in sums]
    known = tmp_path / "known.jsonl"
    known.write_text("".join(json.dumps(q) + "\n" for q in questions))
    program("calibrate", "--questions", str(known), *flags)
    seven = "What is the sum of 5 and 2?"
    a = toy.answer(seven, **how)
    agree(a, program_json("answer", "-p", seven, *flags))
    assert a.calibrated and a.confidence != a.mass
    for other in ({**how, "calibration": None}, {**how, "draws": 5}):
        assert not toy.answer(seven, **other).calibrated
    agree(toy.answer(seven, **how, risk=0.01), program_json("answer", "-p", seven, *flags, "--risk", "0.01"))
    (kept,) = (path for path, _, files in os.walk(own_home) for f in files if f.endswith(".json"))
    file = os.path.join(kept, os.listdir(kept)[0])
    agree(toy.answer(seven, **how, calibration=file), program_json("answer", "-p", seven, *flags, "--calibration", file))
    with pytest.raises(ponder.NotFoundError):
        toy.answer(seven, calibration="nowhere.json")


def test_the_default_model():
    """In the precision of this machine, where ./quickstart has fetched it."""
    try:
        m = ponder.Model()
    except ponder.NotFoundError:
        pytest.skip("no default model")
    with m:
        (s,) = m.score(SUM, ["14 + 8 = 22."], end=True)
        assert s.to_dict() == json.loads(program("score", "-p", SUM, "--reply", "14 + 8 = 22.", "--end", "--json", model=None))
        agree(m.generate(SUM, max_length=12), json.loads(program("generate", "-p", SUM, "--max-length", "12", "--json", model=None)))
