"""Writes tests/data/tokenizer/added.jsonl: small vocabularies, texts and the ids that Hugging
Face's tokenizers give them, for the steps of a tokenizer around its merges: added tokens that
overlap or strip, normal form C, byte fallback.

    python3 tools/make_added_token_cases.py >tests/data/tokenizer/added.jsonl        # needs: pip install tokenizers

A line is a vocabulary as GGUF has it (keys without their "tokenizer.ggml." prefix) and its rows:
the text, its ids with control tokens parsed, and its ids with control tokens left as text. The
vocabularies are made up here.
"""
import json
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers as pt

from make_pretokenizer_cases import FAMILIES

NORMAL, UNKNOWN, CONTROL, USER, BYTE = 1, 2, 3, 4, 6
PARTS = (
    "a¦b¦c¦d¦ab¦bc¦abc¦bcd¦abcd¦the¦The¦ the¦t¦th¦e¦he¦hello¦ ¦  ¦   ¦\t¦\n¦\n\n¦\n\n\n\n¦\r\n¦\r¦\n ¦\u00a0¦\u3000¦x¦1¦12¦123¦"
    "é¦e\u0301¦E\u0301\u0323¦q\u0307\u0323¦q\u0323\u0307¦\u0301¦\u212b¦A\u030a¦\u1100\u1161\u11a8¦각¦\u0958¦\u0915\u093c¦\u2126¦ﬁ¦\u0344¦\u1e9b\u0323¦"
    "👩‍👩‍👧¦👍🏽¦🇫🇷¦❤️¦\u200d¦\ufeff¦\u0000¦\u0001¦\u001b¦\u007f¦"
    "<|a|>¦<|b|>¦<|a|><|b|>¦<|a|>\n¦<|a|> x¦ <|a|> ¦<|a|>\u3000y¦<|a|<|a|>¦|><|¦<|¦<|user|>¦<|end|>¦<|user|>\nhello<|end|>\n<|assistant|>\n¦"
    "<|user|>\r\n \u00a0the¦<s>¦</s>¦<unk>¦<s> a¦</s> a¦</s>\n\n"
).split("¦")


def byte_spellings():
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(b if b in keep else next(spare)) for b in range(256)]


def byte_level(pre, added, nfc=False):
    """(GGUF keys, HF tokenizer) of a byte-level BPE over the bytes and a few merges."""
    spell = byte_spellings()
    merges = [("t", "h"), ("th", "e"), (spell[32], "the"), ("h", "e"), ("b", "c"), ("bc", "d"), ("a", "b"), ("l", "l"), (spell[0xC3], spell[0xA9]),
              (spell[0xCC], spell[0x81]), ("e", spell[0xCC] + spell[0x81]), (spell[10], spell[10]), (spell[32], spell[32])]
    tokens = [*spell, *(a + b for a, b in merges)]
    types = [NORMAL] * len(tokens)
    hf = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges))
    if nfc:
        hf.normalizer = normalizers.NFC()
    hf.pre_tokenizer = pt.Sequence([*(pt.Split(Regex(e), "isolated") for e in FAMILIES[pre]), pt.ByteLevel(add_prefix_space=False, use_regex=False)])
    hf.decoder = decoders.ByteLevel()
    add(hf, tokens, types, added)
    return {"model": "gpt2", "pre": pre, "tokens": tokens, "token_type": types, "merges": [f"{a} {b}" for a, b in merges]}, hf


def spm(added, **keys):
    """(GGUF keys, HF tokenizer) of SentencePiece's BPE with byte fallback, a space before the text
    and after each added token."""
    pieces = ["▁", *"abcdehlotxTé123\n", "he", "th", "the", "▁the", "ll", "hell", "hello", "▁hello", "▁▁", "ab", "bc", "bcd", "▁a", "▁x", "12"]
    tokens = ["<unk>", *(f"<0x{b:02X}>" for b in range(256)), *pieces]
    tokens[1:1] = ["<s>", "</s>"]
    types = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * len(pieces)]
    scores = [-float(i) for i in range(len(tokens))]
    vocab = {t: i for i, t in enumerate(tokens)}
    merges = [(p[:k], p[k:]) for p in pieces for k in range(1, len(p)) if p[:k] in vocab and p[k:] in vocab]
    hf = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    hf.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    add(hf, tokens, types, [("<unk>", UNKNOWN, {}), ("<s>", CONTROL, {}), ("</s>", CONTROL, {"rstrip": bool(keys)}), *added])
    scores += [0.0] * (len(tokens) - len(scores))
    return {"model": "llama", "tokens": tokens, "token_type": types, "scores": scores, **keys}, hf


def add(hf, tokens, types, added):
    for text, kind, options in added:
        token = AddedToken(text, special=kind != USER, normalized=False, **options)
        (hf.add_special_tokens if kind != USER else hf.add_tokens)([token])
        if text not in tokens:
            tokens.append(text)
            types.append(kind)
        types[tokens.index(text)] = kind
        assert hf.token_to_id(text) == tokens.index(text)


def texts():
    r = random.Random(16)
    yield ""
    yield from PARTS
    for _ in range(60):
        yield "".join(r.choice(PARTS) for _ in range(r.randint(2, 7)))


def ids(hf, text, special):
    hf.encode_special_tokens = not special
    return hf.encode(text, add_special_tokens=False).ids


def main():
    overlapping = [("<|a|>", CONTROL, {}), ("<|b|>", CONTROL, {}), ("|><|", CONTROL, {}), ("ab", USER, {}), ("bcd", USER, {}), ("\n\n\n", USER, {}),
                   ("<|a|><|b|>", CONTROL, {}), ("  ", USER, {})]
    strip = {"rstrip": True}
    phi = [("<|user|>", CONTROL, strip), ("<|assistant|>", CONTROL, strip), ("<|end|>", CONTROL, strip), ("<|a|>", CONTROL, strip), ("<|endoftext|>", CONTROL, {})]
    plain = [("<|a|>", CONTROL, {}), ("<|b|>", CONTROL, {})]
    for vocabulary, hf in (byte_level("gpt-2", overlapping), byte_level("smollm", plain), byte_level("qwen2", plain, nfc=True),
                           byte_level("llama-bpe", plain), spm(plain), spm(phi, name="Phi-3 mini")):
        rows = [{"text": t, "ids": ids(hf, t, True), "ids_plain": ids(hf, t, False)} for t in dict.fromkeys(texts())]
        print(json.dumps({"vocabulary": vocabulary, "rows": rows}))


if __name__ == "__main__":
    main()
