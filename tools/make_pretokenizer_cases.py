"""Writes tests/data/tokenizer/pieces.jsonl: texts and how each pre-tokenizer family cuts them, by
Hugging Face's tokenizers with the expressions that the models' tokenizer.json files carry.

    python3 tools/make_pretokenizer_cases.py >tests/data/tokenizer/pieces.jsonl        # needs: pip install tokenizers

Only characters assigned up to Unicode 14 occur: the cuts of later ones depend on the Unicode
version of a library.
"""
import json
import random

from tokenizers import Regex, pre_tokenizers as pt

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
WORD = r"[^\r\n\p{L}\p{N}]?"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
FAMILIES = {
    "gpt-2": [GPT2],
    "smollm": [r"\p{N}", GPT2],
    "qwen2": [CONTRACTIONS + "|" + WORD + r"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + SPACES],
    "llama-bpe": [CONTRACTIONS + "|" + WORD + r"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + SPACES],
    "gpt-4o": ["|".join([WORD + UPPER + "*" + LOWER + "+" + CONTRACTIONS + "?", WORD + UPPER + "+" + LOWER + "*" + CONTRACTIONS + "?", r"\p{N}{1,3}",
                         r" ?[^\s\p{L}\p{N}]+[\r\n/]*", SPACES])],
    "tekken": ["|".join([WORD + UPPER + "*" + LOWER + "+", WORD + UPPER + "+" + LOWER + "*", r"\p{N}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", SPACES])],
    "qwen35": [CONTRACTIONS + "|" + WORD + r"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + SPACES],
    "deepseek-v3": [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
                    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + SPACES],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
}
PARTS = (
    "the|Hello|IT'S|don't|we'LL|'re|'|’s|'x|O'Neill|iPhone|UTF-8|ABCdef|aBC|ǅ|ﬁ|ſ|naïve|e\u0301|\u0301\u0302|x\u0338|Straße|İ|東京|ひらがな|カタカナー|한국어|々〆|ไทย|हिन्दी|العَرَبِيَّة|שָׁלוֹם|Ελλάς|Привет|"
    "1|12|123|1234|12345678|3.14|1,000,000|٣٤٥|१२३|²³|½|Ⅻ|①②|𝟘𝟙|〇|%|$5|€|£9|!|!!|?!|...|…|—|(a)|[b]|{c}|<d>|#e|@f|_g_|a_b|x->y|::|//|/*|*/|\\|\\n|~|^|`|\"q\"|«»|、。|「」|！|＄|+|=|==|<=|×|÷|∑|→|░|☃|😀|👍🏽|👩‍👩‍👧|🇫🇷|❤️|1️⃣|™|"
    " |  |   |\t|\n|\n\n|\r\n|\r| \n|\n |  \n  |\t\n|\u00a0|\u2003|\u3000|\u2028|\u0085|\u200b|\ufeff|\u180e|\u1680|\u000b|\u000c|\u001c|\u0000|\u007f|\u00ad|\ue000|\U000e0041|\U0010fffd|ᠠ|Ꭰ|ꙮ|𐐀|𝒜|ªº|ʰ|ー|़|‿|゙|·|ⓐ|㌔|ﷺ"
).split("|")


def pieces(family, text):
    cut = pt.Sequence([pt.Split(Regex(e), "isolated") for e in FAMILIES[family]])
    return [p for p, _ in cut.pre_tokenize_str(text)]


def texts():
    r = random.Random(20)
    yield ""
    for p in PARTS:
        yield p
        yield f"a{p} {p}b"
    for _ in range(400):
        yield "".join(r.choice(PARTS) for _ in range(r.randint(2, 9)))
    for text in ("!\n/x", "a.\r\n//b", "(\n/\n)"):  # slashes after line ends
        yield text


def main():
    for text in dict.fromkeys(texts()):
        cuts = {}
        for family in FAMILIES:
            cuts[family] = pieces(family, text) if text else []
            assert "".join(cuts[family]) == text, (family, text)
        print(json.dumps({"text": text, "pieces": cuts}))


if __name__ == "__main__":
    main()
