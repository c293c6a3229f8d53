"""Writes tests/data/tokenizer/ranked.jsonl: a small BPE of SentencePiece's spelling with a list of
merges and byte fallback, as Gemma's tokenizer.json is, and the ids of texts by Hugging Face's
tokenizers.

    python3 tools/make_ranked_bpe_cases.py >tests/data/tokenizer/ranked.jsonl        # needs: pip install tokenizers

The first line has the tokens, their types (as in GGUF) and the merges; every other a text and its
ids.
"""
import json
import random

from tokenizers import Tokenizer, models, normalizers, trainers

SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]
BYTES = [f"<0x{b:02X}>" for b in range(256)]
WORDS = "the river runs through a city , and what is the sum of 14 and 8 ? it's 22 ! naïve café straße 東京 привет 😀".split()


def texts(seed, n):
    r = random.Random(seed)
    for _ in range(n):
        yield "".join(r.choice(WORDS) + r.choice([" ", " ", "  ", "\n", "\n\n", "", "   "]) for _ in range(r.randint(1, 12)))


def spelled(model):
    t = Tokenizer(model)
    t.normalizer = normalizers.Replace(" ", "▁")
    return t


def main():
    t = spelled(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    t.train_from_iterator(texts(1, 3000), trainers.BpeTrainer(vocab_size=900, special_tokens=SPECIAL + BYTES, show_progress=False))
    model = json.loads(t.to_str())["model"]
    vocab, merges = model["vocab"], [tuple(m) for m in model["merges"]]
    for letter in "😀東":  # so that some characters have bytes only
        merges = [m for m in merges if letter not in "".join(m)]
        vocab = {k: v for k, v in vocab.items() if letter not in k}
    vocab = {k: i for i, k in enumerate(sorted(vocab, key=vocab.get))}
    t = spelled(models.BPE(vocab, merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokens = sorted(vocab, key=vocab.get)
    types = [3 if k in SPECIAL[:3] else 2 if k == "<unk>" else 6 if k in BYTES else 1 for k in tokens]
    print(json.dumps({"tokens": tokens, "types": types, "merges": [" ".join(m) for m in merges]}))
    for text in dict.fromkeys(["", " ", "\n", "  the", "☃☃ x", "\t\u0000", "ß▁ß", *texts(2, 200)]):
        print(json.dumps({"text": text, "ids": t.encode(text).ids}))


if __name__ == "__main__":
    main()
