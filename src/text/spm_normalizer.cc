// A text is read from left to right in pieces: the longest that the map replaces, else one
// character.
#include "text/spm_normalizer.h"

#include "text/utf8.h"

namespace ponder {
namespace {

constexpr std::string_view kReplacement = "\ufffd";

// The map as the file has it: an array of bytes, signed or not. Empty: there is none.
Result<std::string> map_bytes(const GgufFile& f, const std::string& key) {
  if (!f.metadata().contains(key)) return std::string();
  const GgufArray* a = f.find_array(key);
  const auto* items = a ? std::get_if<std::vector<std::int64_t>>(&a->items) : nullptr;
  std::string bytes;
  const auto bad = [&](const std::string& got) {
    return Error{Code::kInvalid, "an array of bytes", got, f.path() + ", " + key,
                 "the file may be damaged"};
  };
  if (!items) return bad(a ? "another array" : "no array");
  bytes.reserve(items->size());
  for (const std::int64_t x : *items) {
    if (x < -128 || x > 255) return bad(std::to_string(x) + " in it");
    bytes += static_cast<char>(x);
  }
  return bytes;
}

}  // namespace

Result<SpmNormalizer> SpmNormalizer::read(const Vocab& v) {
  const GgufFile& f = *v.file;
  const std::string base = "tokenizer.ggml.", key = base + "precompiled_charsmap";
  SpmNormalizer n;
  PONDER_ASSIGN(const std::string map, map_bytes(f, key));
  if (!map.empty()) {
    PONDER_ASSIGN(n.map_, CharsMap::parse(map, f.path() + ", " + key));
  }
  PONDER_ASSIGN(const bool escapes, f.bool_or(base + "escape_whitespaces", true));
  n.space_ = escapes ? kSpace : " ";
  n.adds_prefix_ = v.adds_space_prefix;
  PONDER_ASSIGN(n.removes_extra_, f.bool_or(base + "remove_extra_whitespaces", true));
  PONDER_ASSIGN(const bool suffix, f.bool_or(base + "treat_whitespace_as_suffix", false));
  if (suffix)
    return Error{Code::kUnsupported, "a vocabulary with spaces in front of words",
                 "one with spaces behind them",
                 f.path() + ", " + base + "treat_whitespace_as_suffix", ""};
  return n;
}

// Takes the spaces of `text`, which is normal but for them, into the vocabulary's spelling.
void SpmNormalizer::append(std::string_view text, std::string& out) const {
  for (const char& c : text) out += c == ' ' ? space_ : std::string_view(&c, 1);
}

std::string SpmNormalizer::normalize(std::string_view text) const {
  std::string out;
  bool after_space = removes_extra_, begun = false;
  while (!text.empty()) {
    auto [size, piece] = map_.longest(text);
    if (size == 0) {
      const int n = utf8_length(text, 0);
      size = n > 0 ? static_cast<std::size_t>(n) : 1;
      piece = n > 0 ? text.substr(0, size) : kReplacement;
    }
    text.remove_prefix(size);
    if (!begun && removes_extra_ && piece == " ") continue;
    if (!begun && adds_prefix_) out += space_;
    begun = true;
    while (after_space && piece.starts_with(' ')) piece.remove_prefix(1);
    append(piece, out);
    if (removes_extra_ && !piece.empty()) after_space = piece.ends_with(' ');
  }
  while (removes_extra_ && out.ends_with(space_)) out.resize(out.size() - space_.size());
  return out;
}

}  // namespace ponder
