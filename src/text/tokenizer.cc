// Tokenizer: special tokens are cut out of the text first, the rest goes through byte-level BPE
// (Sennrich et al. 2016, Radford et al. 2019), SentencePiece's BPE with byte fallback (Kudo and
// Richardson 2018), or Unigram (unigram.h).
#include <algorithm>

#include "base/check.h"
#include "text/added_tokens.h"
#include "text/merge.h"
#include "text/nfc.h"
#include "text/pretokenize.h"
#include "text/spm_normalizer.h"
#include "text/unigram.h"
#include "text/utf8.h"
#include "text/vocab.h"

namespace ponder {
namespace {

class BaseTokenizer : public Tokenizer {
 public:
  explicit BaseTokenizer(Vocab v) : v_(std::move(v)), added_(v_) {}
  int n_vocab() const override { return v_.size(); }
  int n_listed() const override { return v_.n_listed; }
  std::string_view model_name() const override { return v_.model; }
  std::string_view pre_name() const override { return v_.pre; }
  TokenKind kind(Token t) const override { return v_.kinds[t]; }
  std::optional<Token> bos() const override { return v_.bos; }
  std::optional<Token> eos() const override { return v_.eos; }
  bool adds_bos() const override { return v_.adds_bos; }
  const std::vector<Token>& end_tokens() const override { return v_.ends; }
  std::optional<Token> end_of_turn() const override { return v_.eot ? v_.eot : v_.eos; }
  std::optional<Token> find(std::string_view text) const override {
    for (Token t : v_.special)
      if (v_.texts[t] == text) return t;
    return std::nullopt;
  }

  std::vector<Token> encode(std::string_view text, const EncodeOptions& o) const override {
    std::vector<Token> out;
    for (const Fragment& f : added_.split(text, o)) {
      if (f.token >= 0)
        out.push_back(f.token);
      else
        encode_raw(text.substr(f.begin, f.end - f.begin), out);
    }
    return out;
  }

  std::string piece(Token t, bool with_special) const override {
    PONDER_CHECK(t >= 0 && t < v_.size());
    if (t >= v_.n_listed)
      return with_special ? "[PAD" + std::to_string(t) + "]" : "";  // the name that converters use
    switch (v_.kinds[t]) {
      case TokenKind::kControl:
      case TokenKind::kUnknown:
        return with_special ? std::string(v_.texts[t]) : "";
      case TokenKind::kUnused:
        return "";
      default:
        return v_.bytes[t];
    }
  }
  std::string decode(std::span<const Token> tokens, bool with_special) const override {
    std::string out;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::string p = piece(tokens[i], with_special);
      const bool drop_space =
          i == 0 && !v_.byte_level && v_.adds_space_prefix && p.starts_with(' ');
      out.append(p, drop_space ? 1 : 0);
    }
    return out;
  }

 protected:
  // Appends the tokens of a text that begins at the start or after an added token.
  virtual void encode_raw(std::string_view, std::vector<Token>& out) const = 0;
  Vocab v_;

 private:
  AddedTokens added_;
};

// The merges of a BPE, in their order, by the two tokens that are merged.
class Ranks {
 public:
  /// `id`: the token of a text as the file spells it, -1 if there is none.
  template <class Id>
  Status read(const GgufFile&, const Id& id);
  Merge<std::int32_t> find(Token a, Token b) const {
    if (a < 0 || b < 0) return {};
    const auto it = merges_.find(pair(a, b));
    return it == merges_.end() ? Merge<std::int32_t>{} : it->second;
  }

 private:
  static std::uint64_t pair(Token a, Token b) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32 |
           static_cast<std::uint32_t>(b);
  }
  std::unordered_map<std::uint64_t, Merge<std::int32_t>> merges_;
};

template <class Id>
Status Ranks::read(const GgufFile& file, const Id& id) {
  const GgufArray* a = file.find_array("tokenizer.ggml.merges");
  const auto* lines = a ? std::get_if<std::vector<std::string_view>>(&a->items) : nullptr;
  if (!lines)
    return Error{Code::kInvalid, "an array of strings", a ? "another array" : "no such array",
                 file.path() + ", tokenizer.ggml.merges", "the file may be incomplete"};
  merges_.reserve(lines->size());
  for (std::size_t rank = 0; rank < lines->size(); ++rank) {
    const std::string_view line = (*lines)[rank];
    const std::size_t space = line.find(' ', 1);
    if (space == std::string_view::npos || space + 1 >= line.size())
      return Error{Code::kInvalid, "two tokens with a space between",
                   "'" + std::string(line.substr(0, 40)) + "'",
                   file.path() + ", tokenizer.ggml.merges, item " + std::to_string(rank), ""};
    const std::string_view left = line.substr(0, space), right = line.substr(space + 1);
    const Token l = id(left), r = id(right), both = id(std::string(left) + std::string(right));
    if (l >= 0 && r >= 0 && both >= 0)
      merges_.try_emplace(pair(l, r), Merge<std::int32_t>{static_cast<std::int32_t>(rank), both});
  }
  return {};
}

class ByteLevelBpe final : public BaseTokenizer {
 public:
  ByteLevelBpe(Vocab v, std::shared_ptr<const PreTokenizer> pre)
      : BaseTokenizer(std::move(v)), pre_(std::move(pre)) {
    whole_words_ = PreTokenizer::keeps_whole_words(v_.pre);
  }
  Status read_merges() {
    return ranks_.read(*v_.file, [&](std::string_view text) {
      const auto bytes = from_byte_alphabet(text);
      const auto it = bytes ? v_.by_spelling.find(*bytes) : v_.by_spelling.end();
      return it == v_.by_spelling.end() ? -1 : it->second;
    });
  }

 private:
  void encode_raw(std::string_view text, std::vector<Token>& out) const override {
    std::string normal;
    if (v_.normalises && !surely_nfc(text)) text = normal = to_nfc(text);
    for (std::string_view word : pre_->split(text)) encode_word(word, out);
  }
  void encode_word(std::string_view word, std::vector<Token>& out) const {
    if (whole_words_) {
      if (const auto it = v_.by_spelling.find(word); it != v_.by_spelling.end()) {
        out.push_back(it->second);
        return;
      }
    }
    thread_local std::vector<Symbol> s;
    s.clear();
    for (std::size_t i = 0; i < word.size(); ++i)
      s.push_back(
          {static_cast<std::uint32_t>(i), 1, v_.byte_token[static_cast<unsigned char>(word[i])]});
    link(s);
    merge_symbols<std::int32_t>(
        s, [&](const Symbol& a, const Symbol& b) { return ranks_.find(a.id, b.id); });
    for (const Symbol& x : s)
      if (x.size > 0 && x.id >= 0)
        out.push_back(x.id);  // bytes that the vocabulary cannot spell are dropped
  }

  std::shared_ptr<const PreTokenizer> pre_;
  Ranks ranks_;
  bool whole_words_ = false;  // a word that is a token stays whole, merges or not
};

// Merges by the scores of the results (SentencePiece), or in the order of a list, as Hugging Face's
// tokenizers do for Gemma.
class SentencePieceBpe final : public BaseTokenizer {
 public:
  using BaseTokenizer::BaseTokenizer;
  Status read_merges() {
    return ranks_.read(*v_.file, [&](std::string_view text) { return id(text); });
  }

 private:
  void merge(std::string_view text, std::vector<Symbol>& s) const {
    if (v_.model == "gemma4")
      return merge_symbols<std::int32_t>(
          s, [&](const Symbol& a, const Symbol& b) { return ranks_.find(a.id, b.id); });
    merge_symbols<float>(s, [&](const Symbol& a, const Symbol& b) -> Merge<float> {
      const Token t = id(text.substr(a.begin, a.size + b.size));
      return t < 0 ? Merge<float>{} : Merge<float>{-v_.scores[t], t};
    });
  }
  void encode_raw(std::string_view raw, std::vector<Token>& out) const override {
    thread_local std::string text;
    thread_local std::vector<Symbol> s;
    text = v_.adds_space_prefix ? kSpace : "";
    for (char c : raw) text += c == ' ' ? kSpace : std::string_view(&c, 1);
    s.clear();
    for (std::size_t i = 0; i < text.size();) {
      const auto n = static_cast<std::uint32_t>(std::max(utf8_length(text, i), 1));
      s.push_back({static_cast<std::uint32_t>(i), n, id(std::string_view(text).substr(i, n))});
      i += n;
    }
    link(s);
    merge(text, s);
    for (const Symbol& x : s) {
      if (x.size == 0) continue;
      if (x.id >= 0) {
        out.push_back(x.id);
        continue;
      }
      for (char c : std::string_view(text).substr(x.begin, x.size)) {
        const Token b = v_.byte_token[static_cast<unsigned char>(c)];
        if (b >= 0)
          out.push_back(b);
        else if (v_.unknown)
          out.push_back(*v_.unknown);
      }
    }
  }
  Token id(std::string_view bytes) const {
    const auto it = v_.by_spelling.find(bytes);
    return it == v_.by_spelling.end() ? -1 : it->second;
  }

  Ranks ranks_;  // empty where scores decide
};

class UnigramTokenizer final : public BaseTokenizer {
 public:
  UnigramTokenizer(Vocab v, SpmNormalizer n)
      : BaseTokenizer(std::move(v)), normalizer_(std::move(n)), unigram_(v_) {}

 private:
  void encode_raw(std::string_view text, std::vector<Token>& out) const override {
    unigram_.encode(normalizer_.normalize(text), out);
  }

  SpmNormalizer normalizer_;
  Unigram unigram_;
};

Error in_file(const GgufFile& f, Error e) {
  e.where = f.path() + ", " + e.where;
  return e;
}

}  // namespace

Status Tokenizer::check_kind(const GgufFile& file) {
  PONDER_ASSIGN(const std::string_view model, tokenizer_model(file));
  PONDER_ASSIGN(const std::string_view pre, file.string_or("tokenizer.ggml.pre", ""));
  const Status known = model == "gpt2" ? PreTokenizer::check(pre) : Status{};
  return known.ok() ? known : in_file(file, known.error());
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_gguf(
    std::shared_ptr<const GgufFile> file) {
  PONDER_ASSIGN(Vocab v, Vocab::read(std::move(file)));
  if (v.byte_level) {
    auto pre = PreTokenizer::make(v.pre);
    if (!pre.ok()) return in_file(*v.file, pre.error());
    auto t = std::make_shared<ByteLevelBpe>(std::move(v), std::move(*pre));
    PONDER_TRY(t->read_merges());
    return std::shared_ptr<const Tokenizer>(std::move(t));
  }
  if (v.model == "gemma4") {
    auto t = std::make_shared<SentencePieceBpe>(std::move(v));
    PONDER_TRY(t->read_merges());
    return std::shared_ptr<const Tokenizer>(std::move(t));
  }
  if (v.scores.empty())
    return Error{Code::kInvalid, "scores of the tokens", "no such array",
                 v.file->path() + ", tokenizer.ggml.scores", "the file may be incomplete"};
  if (v.model == "t5") {
    PONDER_ASSIGN(SpmNormalizer n, SpmNormalizer::read(v));
    return std::shared_ptr<const Tokenizer>(
        std::make_shared<UnigramTokenizer>(std::move(v), std::move(n)));
  }
  return std::shared_ptr<const Tokenizer>(std::make_shared<SentencePieceBpe>(std::move(v)));
}

}  // namespace ponder
