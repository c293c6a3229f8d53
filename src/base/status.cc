// Renders errors in the four parts of ponder's messages.
#include "ponder/core/status.h"

namespace ponder {
namespace {

// The text may come from any file, so control characters, which could control a terminal, are
// spelled out.
std::string without_controls(const std::string& s) {
  std::string out;
  for (const char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= ' ' && byte != 0x7f) || c == '\n' || c == '\t') {
      out += c;
    } else {
      out += "\\x";
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
  }
  return out;
}

}  // namespace

std::string Error::message() const {
  std::string m = "expected " + expected + ", got " + got;
  if (!where.empty()) m += " (" + where + ")";
  if (!hint.empty()) m += "; " + hint;
  return without_controls(m);
}

Error invalid(std::string expected, std::string got, std::string where, std::string hint) {
  return {Code::kInvalid, std::move(expected), std::move(got), std::move(where), std::move(hint)};
}

}  // namespace ponder
