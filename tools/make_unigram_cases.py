"""Writes tests/data/tokenizer/unigram.jsonl: small Unigram vocabularies with a character map, trained
on texts of this repository, and the ids that SentencePiece gives to texts.

    python3 tools/make_unigram_cases.py >tests/data/tokenizer/unigram.jsonl        # needs: pip install sentencepiece protobuf tokenizers

A line is a vocabulary as GGUF has it (keys without their "tokenizer.ggml." prefix) and its rows: a
text (or its bytes, where it is no UTF-8), its ids, and the text that they decode to. The map is
SentencePiece's nmt_nfkc without the rules that no text here can meet; the whole map, which has
250 kB, gives the same ids. The script counts on stderr where Hugging Face's tokenizers, which apply
the map to grapheme clusters, give others.
"""
import io
import json
import pathlib
import random
import re
import struct
import sys
import tempfile

import sentencepiece as sp
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests/data/tokenizer"
USER = ["<sep>", "<a><b>"]
PARTS = (
    "the¦The river¦ runs¦ ¦  ¦   ¦\t¦\n¦\r\n¦\u00a0¦\u3000¦\u2003¦\u200b¦\ufeff¦\u2028¦\u0085¦\u0000¦\u0001¦\u007f¦\u00ad¦▁¦▁▁¦a▁b¦"
    "e\u0301¦é¦E\u0301\u0323¦q\u0307\u0323¦\u0301¦ \u0301¦A\u030a¦\u212b¦\u1100\u1161\u11a8¦각¦\u0915\u093c¦ก\u0e33¦\u1e9b\u0323¦¨¦´¦"
    "ＡＢＣ¦ｆｕｌｌ　ｗｉｄｔｈ¦ﾊﾞﾋﾟｶﾞ¦ｱｲｳ¦パ¦カ\u3099¦㍿¦㌔¦①②¦½¦ﬁ¦ﬃ¦²³¦…¦‥¦™¦ℌ¦Ⅷ¦ﷺ¦～¦"
    "👩‍👩‍👧¦👍🏽¦🇫🇷¦❤️¦😀¦☃☃¦\U000e0001¦𝕏¦𝒂𝒃¦文字¦東京は¦привет мир¦Ελλάδα¦שָׁלוֹם¦السلام¦हिन्दी¦ไทย¦"
    "<sep>¦<a><b>¦<a>¦＜sep＞¦ <sep> ¦aaaaaaaa¦hahahahaha¦1234567890¦.....¦-----¦it's¦straße¦naïve¦Zürich"
).split("¦")
NOT_TEXT = [b"\xff", b"a\xffb", b"\xe2\x82", b"\xc0\xaf x", b"the \xf0\x9f\x98 river", b"\xed\xa0\x80", b"\xe2\x96", b"e\xcc"]


def corpus():
    """Texts that repeat their words and letters, in some languages; classes of random letters are left out."""
    yield from PARTS
    for name in ("smollm2.jsonl", "gemma3.jsonl"):
        for line in (DATA / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["class"] not in ("any", "cjk", "symbols", "mixed", "emoji", "long", "scripts"):
                yield row["text"]


def cases():
    r = random.Random(5)
    yield from ["", *PARTS]
    for _ in range(120):
        yield "".join(r.choice(PARTS) for _ in range(r.randint(2, 8)))
    yield from r.sample(sorted(set(corpus())), 80)
    for unit in ("a", "ha", "the ", "▁", "é", "<a>"):
        yield unit * 97


def rules(charsmap):
    """{replaced bytes: replacement} of a precompiled map: every path through its double array."""
    (size,) = struct.unpack_from("<I", charsmap)
    units = struct.unpack_from(f"<{size // 4}I", charsmap, 4)
    strings, found = charsmap[4 + size :], {}
    stack = [(0, b"")]
    while stack:
        node, key = stack.pop()
        base = node ^ (units[node] >> 10 << (units[node] >> 6 & 8))
        if key and units[node] >> 8 & 1:
            at = units[base] & 0x7FFFFFFF
            found[key] = strings[at : strings.index(b"\0", at)]
        for byte in range(256):
            child = base ^ byte
            if child != node and child and units[child] & 0x800000FF == byte:
                stack.append((child, key + bytes([byte])))
    return found


def train(**settings):
    out = io.BytesIO()
    sp.SentencePieceTrainer.train(
        sentence_iterator=iter([t.replace("\0", "") for t in corpus()]), model_writer=out, model_type="unigram", vocab_size=700, character_coverage=0.98, num_threads=1,
        user_defined_symbols=USER, unk_id=2, bos_id=-1, eos_id=1, pad_id=0, hard_vocab_limit=False, minloglevel=2, **settings)  # fmt: skip
    m = pb.ModelProto()
    m.ParseFromString(out.getvalue())
    return m


def met_rules(charsmap, texts):
    """The rules all of whose characters are in one of the texts, as SentencePiece's trainer reads them."""
    letters = {c for t in texts for c in t}
    for key, value in sorted(rules(charsmap).items()):
        if set(key.decode()) <= letters:
            yield "\t".join(" ".join(f"{ord(c):X}" for c in s.decode()) for s in (key, value))


def keys(model):
    n = model.normalizer_spec
    return {"model": "t5", "tokens": [p.piece for p in model.pieces], "token_type": [p.type for p in model.pieces], "scores": [p.score for p in model.pieces],
            "add_space_prefix": n.add_dummy_prefix, "remove_extra_whitespaces": n.remove_extra_whitespaces, "precompiled_charsmap": list(n.precompiled_charsmap)}  # fmt: skip


def hugging_face(model):
    """As transformers converts such a model."""
    n = model.normalizer_spec
    t = Tokenizer(models.Unigram([(p.piece, p.score) for p in model.pieces], unk_id=2, byte_fallback=model.trainer_spec.byte_fallback))
    steps = [normalizers.Precompiled(n.precompiled_charsmap)] if n.precompiled_charsmap else []
    if n.remove_extra_whitespaces:
        steps += [normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")]
    t.normalizer = normalizers.Sequence(steps)
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always" if n.add_dummy_prefix else "never", split=False)
    t.add_tokens(USER)
    return t


def encode(t, text):
    """SentencePiece's ids, with a user's tokens cut out first, so that what follows one begins like a text."""
    if not isinstance(text, str):
        return t.encode(text)
    parts = re.split("(" + "|".join(map(re.escape, USER)) + ")", text)
    return [i for p in parts for i in ([t.piece_to_id(p)] if p in USER else t.encode(p))]


def rows(model, whole_map):
    t, same = sp.SentencePieceProcessor(model_proto=model.SerializeToString()), pb.ModelProto()
    same.CopyFrom(model)
    if model.normalizer_spec.precompiled_charsmap:
        same.normalizer_spec.precompiled_charsmap = whole_map
    whole, hf, differ = sp.SentencePieceProcessor(model_proto=same.SerializeToString()), hugging_face(model), []
    for text in [*dict.fromkeys(cases()), *NOT_TEXT]:
        ids = encode(t, text)
        assert ids == encode(whole, text), text
        if isinstance(text, str) and ids != hf.encode(text, add_special_tokens=False).ids:
            differ.append(text)
        yield {"ids": ids, "decoded": t.decode(ids)} | ({"text": text} if isinstance(text, str) else {"bytes": list(text)})
    print(f"Hugging Face's ids differ on {len(differ)} texts: {differ[:12]}", file=sys.stderr)


def main():
    whole_map = train(normalization_rule_name="nmt_nfkc").normalizer_spec.precompiled_charsmap
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as f:
        texts = [*cases(), *(b.decode(errors="replace") for b in NOT_TEXT)]
        f.write("\n".join(met_rules(whole_map, texts)) + "\n")
        f.flush()
        t5 = train(normalization_rule_tsv=f.name)
    loose, prefixed, plain = pb.ModelProto(), pb.ModelProto(), train(normalization_rule_name="identity", byte_fallback=True)
    for m, source, prefix in ((loose, t5, False), (prefixed, t5, True), (plain, plain, False)):
        m.CopyFrom(source) if m is not source else None
        m.normalizer_spec.add_dummy_prefix, m.normalizer_spec.remove_extra_whitespaces = prefix, False
    for m in (t5, loose, prefixed, plain):
        print(json.dumps({"vocabulary": keys(m), "rows": list(rows(m, whole_map))}))


if __name__ == "__main__":
    main()
