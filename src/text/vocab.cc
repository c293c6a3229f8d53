// Reading the token table, and which ids end a generation.
#include "text/vocab.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "text/pretokenize.h"
#include "text/utf8.h"

namespace ponder {
namespace {

// Code point of each byte in GPT-2's alphabet: printable Latin-1 maps to itself, all other bytes to
// U+0100 and up.
constexpr std::array<std::uint16_t, 256> kAlphabet = [] {
  std::array<std::uint16_t, 256> a{};
  std::uint16_t next = 256;
  for (int b = 0; b < 256; ++b) {
    const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    a[b] = printable ? static_cast<std::uint16_t>(b) : next++;
  }
  return a;
}();

// End-of-generation tokens known by their text (llama.cpp's EOG ids), in order of priority: the
// first one found also ends a chat turn. Fill-in-the-middle tokens end a generation but no turn.
constexpr std::string_view kTurnEnds[] = {"<|eot_id|>",
                                          "<|im_end|>",
                                          "<|end|>",
                                          "<end_of_turn>",
                                          "<|endoftext|>",
                                          "<EOT>",
                                          "_<EOT>",
                                          "<\xef\xbd\x9c"
                                          "end\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
                                          "<turn|>",
                                          "<end_of_utterance>"};
constexpr std::string_view kOtherEnds[] = {
    "<|return|>", "<|call|>",   "<|flush|>",   "<|calls|>",    "<|eom_id|>",      "[EOT]",
    "[EOS]",      "[e~[",       "<eos>",       "</s>",         "<|end_of_text|>", "<|fim_pad|>",
    "<fim-pad>",  "<fim_pad>",  "<PAD>",       "<|fim_repo|>", "<|repo_name|>",   "<fim-repo>",
    "<REPO>",     "<reponame>", "<|file_sep|>"};

Error bad(const GgufFile& f, const std::string& key, const std::string& expected,
          const std::string& got) {
  return {Code::kInvalid, expected, got, f.path() + ", " + key, "the file may be incomplete"};
}

Status read_special_id(const GgufFile& f, const std::string& key, int n,
                       std::optional<Token>& out) {
  if (!f.metadata().contains(key)) return {};
  PONDER_ASSIGN(const std::int64_t id, f.get_int(key));
  if (id == 0xffffffff || id == -1) return {};  // "none" in some files
  if (id < 0 || id >= n)
    return bad(f, key, "an id from 0 to " + std::to_string(n - 1), std::to_string(id));
  out = static_cast<Token>(id);
  return {};
}

void find_ends(Vocab& v, const std::vector<std::optional<Token>>& named) {
  std::unordered_map<std::string_view, Token> by_text;
  for (int i = 0; i < v.size(); ++i) by_text.emplace(v.texts[i], i);
  const auto add = [&](std::optional<Token> t) {
    if (t) v.ends.push_back(*t);
  };
  const auto find = [&](std::string_view text) -> std::optional<Token> {
    const auto it = by_text.find(text);
    return it == by_text.end() ? std::nullopt : std::optional(it->second);
  };
  for (std::string_view text : kTurnEnds) {
    const auto t = find(text);
    add(t);
    if (t && !v.eot) v.eot = t;
  }
  for (std::string_view text : kOtherEnds) add(find(text));
  for (const auto& t : named) add(t);
  // In gpt-oss, "<|end|>" closes a part of a turn, not the turn.
  if (find("<|return|>") && find("<|call|>") && find("<|end|>"))
    std::erase(v.ends, *find("<|end|>"));
  std::sort(v.ends.begin(), v.ends.end());
  v.ends.erase(std::unique(v.ends.begin(), v.ends.end()), v.ends.end());
  for (Token t : v.ends)
    if (v.kinds[t] == TokenKind::kNormal || v.kinds[t] == TokenKind::kUserDefined)
      v.kinds[t] = TokenKind::kControl;
}

// Sets the bytes of token i and its entries in the tables.
void spell(Vocab& v, int i) {
  const std::string_view text = v.texts[i];
  const TokenKind kind = v.kinds[i];
  if (kind == TokenKind::kByte) {
    unsigned b = 256;
    if (text.size() == 6 && std::sscanf(std::string(text).c_str(), "<0x%2x>", &b) == 1 && b < 256) {
      v.bytes[i] = std::string(1, static_cast<char>(b));
      v.byte_token[b] = i;
    }
    return;
  }
  const bool plain = kind == TokenKind::kNormal || kind == TokenKind::kUnused;
  if (!plain) {
    v.bytes[i] = text;
  } else if (v.byte_level) {
    v.bytes[i] = from_byte_alphabet(text).value_or(std::string(text));
  } else {  // SPM writes a space as U+2581
    for (std::size_t k = 0; k < text.size();) {
      const bool space = text.substr(k, kSpace.size()) == kSpace;
      v.bytes[i] += space ? ' ' : text[k];
      k += space ? kSpace.size() : 1;
    }
  }
  // Control tokens are left out: text must never merge into one.
  if (kind != TokenKind::kControl && kind != TokenKind::kUnknown)
    v.by_spelling.emplace(v.byte_level ? std::string_view(v.bytes[i]) : text, i);
  if (v.byte_level && plain && v.bytes[i].size() == 1 &&
      v.byte_token[static_cast<unsigned char>(v.bytes[i][0])] < 0)
    v.byte_token[static_cast<unsigned char>(v.bytes[i][0])] = i;
}

// Reads an optional array; a key of another type is an error, not a missing table.
template <class T>
Result<const std::vector<T>*> read_array(const GgufFile& f, const std::string& key, std::size_t n,
                                         const char* what) {
  if (!f.metadata().contains(key)) return nullptr;
  const GgufArray* a = f.find_array(key);
  const auto* items = a ? std::get_if<std::vector<T>>(&a->items) : nullptr;
  if (items && items->size() == n) return items;
  const std::string got = items ? std::to_string(items->size()) + " of them"
                          : a   ? "another array"
                                : "no array";
  return bad(f, key, "an array of " + std::to_string(n) + " " + what, got);
}

// The embedding may have more rows than the token list: the rest is padding without text.
Status pad_to_embedding(Vocab& v) {
  v.n_listed = v.size();
  const GgufTensor* e = v.file->find("token_embd.weight");
  if (!e || e->shape.size() != 2 || e->shape[1] == v.n_listed) return {};
  if (e->shape[1] < v.n_listed || e->shape[1] > std::numeric_limits<Token>::max())
    return bad(*v.file, "token_embd.weight",
               "an embedding for each of " + std::to_string(v.n_listed) + " tokens",
               std::to_string(e->shape[1]));
  const auto n = static_cast<std::size_t>(e->shape[1]);
  v.texts.resize(n);
  v.bytes.resize(n);
  v.kinds.resize(n, TokenKind::kUnused);
  return {};
}

Status read_tables(Vocab& v) {
  const GgufFile& f = *v.file;
  const std::string key = "tokenizer.ggml.tokens";
  const GgufArray* tokens = f.find_array(key);
  const auto* texts = tokens ? std::get_if<std::vector<std::string_view>>(&tokens->items) : nullptr;
  if (!texts || texts->empty() ||
      texts->size() > static_cast<std::size_t>(std::numeric_limits<Token>::max()))
    return bad(f, key, "an array of strings", tokens ? "another array" : "no such array");
  v.texts = *texts;
  const auto n = v.texts.size();
  v.kinds.assign(n, TokenKind::kNormal);
  v.bytes.resize(n);
  std::fill(std::begin(v.byte_token), std::end(v.byte_token), -1);
  PONDER_ASSIGN(const auto* types,
                read_array<std::int64_t>(f, "tokenizer.ggml.token_type", n, "whole numbers"));
  if (types) {
    for (std::size_t i = 0; i < n; ++i) {
      if ((*types)[i] < 0 || (*types)[i] > 6)
        return bad(f, "tokenizer.ggml.token_type", "types from 0 to 6",
                   std::to_string((*types)[i]));
      if ((*types)[i] > 0) v.kinds[i] = static_cast<TokenKind>((*types)[i]);
    }
  }
  PONDER_ASSIGN(const auto* scores, read_array<double>(f, "tokenizer.ggml.scores", n, "numbers"));
  if (scores) v.scores.assign(scores->begin(), scores->end());
  return {};
}

// Finds the tokens that strip white space. Hugging Face's tokenizer.json states this, but GGUF does
// not; as in llama.cpp, the model's name decides: Phi-3's added tokens strip the white space that
// follows them.
Status find_stripping(Vocab& v) {
  PONDER_ASSIGN(const std::string_view name, v.file->string_or("general.name", ""));
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower.find("phi-3") == std::string::npos && lower.find("phi3") == std::string::npos)
    return {};
  for (Token t : v.special)
    if (v.texts[t] != "<unk>" && v.texts[t] != "<s>" && v.texts[t] != "<|endoftext|>")
      v.strips_right.insert(t);
  return {};
}

}  // namespace

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  static const auto kBack = [] {
    std::unordered_map<std::string, char> m;
    for (int b = 0; b < 256; ++b) {
      std::string s;
      append_utf8(s, kAlphabet[b]);
      m[s] = static_cast<char>(b);
    }
    return m;
  }();
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto n = static_cast<std::size_t>(utf8_length(text, i));
    const auto it = n ? kBack.find(std::string(text.substr(i, n))) : kBack.end();
    if (it == kBack.end()) return std::nullopt;
    out += it->second;
    i += n;
  }
  return out;
}

Result<std::string_view> tokenizer_model(const GgufFile& f) {
  PONDER_ASSIGN(const std::string_view model, f.get_string("tokenizer.ggml.model"));
  for (std::string_view known : {"gpt2", "llama", "gemma4", "t5"})
    if (model == known) return model;
  return Error{Code::kUnsupported,
               "a tokenizer of: gpt2 (byte-level BPE), llama (SPM), gemma4 (SPM with merges), t5 "
               "(Unigram)",
               "'" + std::string(model) + "'", f.path() + ", tokenizer.ggml.model", ""};
}

Result<Vocab> Vocab::read(std::shared_ptr<const GgufFile> file) {
  Vocab v;
  v.file = std::move(file);
  const GgufFile& f = *v.file;
  PONDER_ASSIGN(v.model, tokenizer_model(f));
  v.byte_level = v.model == "gpt2";
  const bool spm = v.model == "llama", unigram = v.model == "t5";
  PONDER_ASSIGN(const std::string_view pre, f.string_or("tokenizer.ggml.pre", ""));
  v.pre = pre;
  PONDER_TRY(read_tables(v));
  PONDER_TRY(pad_to_embedding(v));
  const int n = v.n_listed;
  std::optional<Token> eom, fim_pad, fim_rep, fim_sep;
  const std::string base = "tokenizer.ggml.";
  if (spm && n > 2) v.unknown = 0, v.bos = 1, v.eos = 2;  // SentencePiece's own defaults
  if (unigram && n > 2) v.eos = 1, v.unknown = 2;         // T5's
  for (auto& [key, out] : {std::pair<const char*, std::optional<Token>*>{"bos_token_id", &v.bos},
                           {"eos_token_id", &v.eos},
                           {"eot_token_id", &v.eot},
                           {"unknown_token_id", &v.unknown},
                           {"eom_token_id", &eom},
                           {"fim_pad_token_id", &fim_pad},
                           {"fim_rep_token_id", &fim_rep},
                           {"fim_sep_token_id", &fim_sep}})
    PONDER_TRY(read_special_id(f, base + key, n, *out));
  PONDER_ASSIGN(v.adds_bos,
                f.bool_or(base + "add_bos_token", spm || PreTokenizer::keeps_whole_words(v.pre)));
  v.adds_bos = v.adds_bos && v.bos;
  PONDER_ASSIGN(v.adds_space_prefix, f.bool_or(base + "add_space_prefix", spm || unigram));
  find_ends(v, {v.eos, v.eot, eom, fim_pad, fim_rep, fim_sep});
  v.by_spelling.reserve(n);
  for (int i = 0; i < n; ++i) spell(v, i);
  for (int i = 0; i < n; ++i)
    if (!v.texts[i].empty() &&
        (v.kinds[i] == TokenKind::kControl || v.kinds[i] == TokenKind::kUserDefined ||
         v.kinds[i] == TokenKind::kUnknown))
      v.special.push_back(i);
  std::stable_sort(v.special.begin(), v.special.end(),
                   [&](Token a, Token b) { return v.texts[a].size() > v.texts[b].size(); });
  PONDER_TRY(find_stripping(v));
  // the families here whose tokenizer.json has a normalizer: NFC
  v.normalises = v.pre == "qwen2" || v.pre == "qwen35";
  return v;
}

}  // namespace ponder
