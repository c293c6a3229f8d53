// Makes one pass from left to right, like the Hugging Face tokenizers with which the models were
// trained. llama.cpp looks for the longest token first, wherever it stands, which gives another
// result where two tokens overlap in part.
#include "text/added_tokens.h"

#include <algorithm>
#include <functional>

#include "text/utf8.h"

namespace ponder {
namespace {

// Number of bytes of white space (Unicode's White_Space) at s[i], which stripping removes; 0 if
// there is none.
std::size_t white_space(std::string_view s, std::size_t i) {
  const unsigned char c = static_cast<unsigned char>(s[i]);
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  for (std::string_view w : {"\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
                             "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
                             "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"})
    if (s.substr(i, w.size()) == w) return w.size();
  return 0;
}

// True if [begin, end) overlaps one of the sorted ranges.
bool touches(std::span<const ByteRange> ranges, std::size_t begin, std::size_t end) {
  const auto it = std::partition_point(ranges.begin(), ranges.end(),
                                       [&](const ByteRange& r) { return r.end <= begin; });
  return it != ranges.end() && it->begin < end;
}

}  // namespace

AddedTokens::AddedTokens(const Vocab& v) {
  for (Token t : v.special) {
    const std::string_view text = v.texts[t];
    by_text_.try_emplace(
        text, Added{t, v.kinds[t] == TokenKind::kUserDefined, v.strips_right.contains(t)});
    lengths_[static_cast<unsigned char>(text[0])].push_back(text.size());
  }
  for (auto& l : lengths_) {
    std::sort(l.begin(), l.end(), std::greater<>());
    l.erase(std::unique(l.begin(), l.end()), l.end());
  }
}

const AddedTokens::Added* AddedTokens::match(std::string_view text, std::size_t at,
                                             const Tokenizer::EncodeOptions& o,
                                             std::size_t& size) const {
  for (const std::size_t n : lengths_[static_cast<unsigned char>(text[at])]) {
    if (n > text.size() - at) continue;
    const auto it = by_text_.find(text.substr(at, n));
    if (it == by_text_.end()) continue;
    if (!it->second.user_defined && (!o.parse_special || touches(o.literal, at, at + n))) continue;
    size = n;
    return &it->second;
  }
  return nullptr;
}

std::vector<Fragment> AddedTokens::split(std::string_view text,
                                         const Tokenizer::EncodeOptions& o) const {
  std::vector<Fragment> out;
  std::size_t raw = 0, at = 0;
  while (at < text.size()) {
    std::size_t size = 0;
    const Added* a = match(text, at, o, size);
    if (!a) {
      ++at;
      continue;
    }
    if (at > raw) out.push_back({raw, at});
    out.push_back({at, at + size, a->token});
    at += size;
    while (a->strips_right && at < text.size() && white_space(text, at) > 0)
      at += white_space(text, at);
    raw = at;
  }
  if (text.size() > raw) out.push_back({raw, text.size()});
  return out;
}

}  // namespace ponder
