// The families' expressions (as published with the models) on PCRE2. \s is written \p{White_Space}:
// PCRE2's own \s matches U+180E, which has not been a space since Unicode 6.3.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pretokenize.h"

#include <pcre2.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "text/utf8.h"

namespace ponder {
namespace {

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define SPACES "\\p{White_Space}*[\\r\\n]+|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
constexpr const char* kGpt2 =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| "
    "?[^\\p{White_Space}\\p{L}\\p{N}]+|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+";

struct Family {
  std::string_view name;
  std::vector<const char*> expressions;
};
const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {"gpt-2", {kGpt2}},
      {"smollm", {"\\p{N}", kGpt2}},
      {"qwen2",
       {CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
                     "?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n]*|" SPACES}},
      {"llama-bpe",
       {CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
                     "?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n]*|" SPACES}},
      {"gpt-4o",
       {"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTIONS "?|[^\\r\\n\\p{L}\\p{N}]?" UPPER
        "+" LOWER "*" CONTRACTIONS
        "?|\\p{N}{1,3}| ?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES}},
      {"tekken",
       {"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER
        "*|\\p{N}| ?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES}},
      {"qwen35",
       {CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| "
                     "?[^\\p{White_Space}\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" SPACES}},
      {"deepseek-v3",
       {"\\p{N}{1,3}", "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}]+",
        "[!\"#$%&'()*+,\\-./"
        ":;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"
        " ?[\\p{P}\\p{S}]+[\\r\\n]*|" SPACES}},
      {"default", {"[\\p{P}\\$\\+<=>\\^~\\|]+", kGpt2, "\\p{N}+", "[0-9][0-9][0-9]"}},
  };
  return all;
}
// Other names in tokenizer.ggml.pre for the same expressions, as converters write them. Phi-4 and
// Granite 4 have "dbrx", Granite 3 "refact", Mistral from NeMo on "tekken".
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"gpt2", "gpt-2"},
    {"phi-2", "gpt-2"},
    {"exaone4", "gpt-2"},
    {"granite-docling", "gpt-2"},
    {"refact", "smollm"},
    {"starcoder", "smollm"},
    {"exaone", "smollm"},
    {"minerva-7b", "smollm"},
    {"llama3", "llama-bpe"},
    {"llama-v3", "llama-bpe"},
    {"falcon3", "llama-bpe"},
    {"falcon-h1", "llama-bpe"},
    {"pixtral", "llama-bpe"},
    {"lfm2", "llama-bpe"},
    {"dbrx", "llama-bpe"},
    {"smaug-bpe", "llama-bpe"},
    {"glm4", "llama-bpe"},
    {"chatglm-bpe", "llama-bpe"},
    {"deepseek-r1-qwen", "qwen2"},
    {"megrez", "qwen2"},
    {"hunyuan", "qwen2"},
    {"hunyuan-dense", "deepseek-v3"},
    {"llama4", "gpt-4o"},
    {"kanana2", "gpt-4o"},
    {"", "default"},
};
// Those of them whose tokenizer.json sets ignore_merges, and whose models want a BOS.
constexpr std::string_view kWholeWords[] = {"llama-bpe", "llama3",  "llama-v3", "falcon3",
                                            "falcon-h1", "pixtral", "lfm2",     "tekken"};

class Regex {
 public:
  explicit Regex(const char* pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED,
                          PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &error, &at, nullptr);
    PONDER_CHECK(code_);
    jit_ = pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE) == 0;
  }
  Regex(Regex&& o) noexcept : code_(std::exchange(o.code_, nullptr)), jit_(o.jit_) {}
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;
  ~Regex() { pcre2_code_free(code_); }

  // Calls fn(begin, end) for every match in s; s is UTF-8.
  template <class F>
  void for_matches(std::string_view s, const F& fn) const {
    const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
        pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
    const auto match = jit_ ? pcre2_jit_match : pcre2_match;
    std::size_t at = 0;
    while (at < s.size()) {
      const int rc = match(code_, reinterpret_cast<PCRE2_SPTR>(s.data()), s.size(), at,
                           PCRE2_NO_UTF_CHECK, data.get(), nullptr);
      if (rc < 0 && rc != PCRE2_ERROR_NOMATCH && rc != PCRE2_ERROR_PARTIAL) {
        // A run is too long for the matcher's stack: the piece goes on with the next character.
        at += static_cast<std::size_t>(utf8_length(s, at));
        continue;
      }
      if (rc < 0) return;
      const PCRE2_SIZE* span = pcre2_get_ovector_pointer(data.get());
      if (span[1] <= span[0]) return;  // no family has an empty match
      fn(span[0], span[1]);
      at = span[1];
    }
  }

 private:
  pcre2_code* code_ = nullptr;
  bool jit_ = false;
};

class Pcre2PreTokenizer final : public PreTokenizer {
 public:
  explicit Pcre2PreTokenizer(const Family& f) {
    for (const char* e : f.expressions) regexes_.emplace_back(e);
  }

  std::vector<std::string_view> split(std::string_view text) const override {
    // For the matcher, invalid bytes become U+FFFD; back[i] is the position in `text` of byte i.
    std::string clean;
    std::vector<std::uint32_t> back;
    std::string_view s = text;
    if (replace_bad_bytes(text, clean, back)) s = clean;
    std::vector<std::pair<std::size_t, std::size_t>> pieces{{0, s.size()}}, next;
    for (const Regex& r : regexes_) {
      next.clear();
      for (const auto& [begin, end] : pieces) cut(r, s, begin, end, next);
      pieces.swap(next);
    }
    std::vector<std::string_view> out;
    out.reserve(pieces.size());
    for (auto [begin, end] : pieces) {
      if (!back.empty()) begin = back[begin], end = back[end];
      if (end > begin) out.push_back(text.substr(begin, end - begin));
    }
    return out;
  }

 private:
  static void cut(const Regex& r, std::string_view s, std::size_t begin, std::size_t end,
                  std::vector<std::pair<std::size_t, std::size_t>>& out) {
    std::size_t at = begin;
    r.for_matches(s.substr(begin, end - begin), [&](std::size_t b, std::size_t e) {
      if (begin + b > at) out.emplace_back(at, begin + b);
      out.emplace_back(begin + b, begin + e);
      at = begin + e;
    });
    if (end > at) out.emplace_back(at, end);
  }
  static bool replace_bad_bytes(std::string_view text, std::string& clean,
                                std::vector<std::uint32_t>& back) {
    std::size_t i = 0;
    while (i < text.size() && utf8_length(text, i) > 0)
      i += static_cast<std::size_t>(utf8_length(text, i));
    if (i == text.size()) return false;
    for (i = 0; i < text.size();) {
      const int n = utf8_length(text, i);
      const std::size_t used = n > 0 ? static_cast<std::size_t>(n) : 1;
      const std::string_view as = n > 0 ? text.substr(i, used) : "\xef\xbf\xbd";
      clean += as;
      for (std::size_t k = 0; k < as.size(); ++k) back.push_back(static_cast<std::uint32_t>(i));
      i += used;
    }
    back.push_back(static_cast<std::uint32_t>(text.size()));
    return true;
  }

  std::vector<Regex> regexes_;
};

Result<const Family*> find_family(std::string_view name) {
  for (const auto& [alias, family] : kAliases)
    if (name == alias) name = family;
  std::string known;
  for (const Family& f : families()) {
    if (f.name == name) return &f;
    known += (known.empty() ? "" : ", ") + std::string(f.name);
  }
  return Error{Code::kUnsupported, "a pre-tokenizer of: " + known, "'" + std::string(name) + "'",
               "tokenizer.ggml.pre",
               "its expressions would have to be added to src/text/pretokenize.cc"};
}

}  // namespace

bool PreTokenizer::keeps_whole_words(std::string_view name) {
  return std::find(std::begin(kWholeWords), std::end(kWholeWords), name) != std::end(kWholeWords);
}

Status PreTokenizer::check(std::string_view name) { return find_family(name).status(); }

Result<std::shared_ptr<const PreTokenizer>> PreTokenizer::make(std::string_view name) {
  PONDER_ASSIGN(const Family* family, find_family(name));
  return std::shared_ptr<const PreTokenizer>(std::make_shared<Pcre2PreTokenizer>(*family));
}

}  // namespace ponder
