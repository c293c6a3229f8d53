// Letters, complements and IUPAC codes. Cornish-Bowden 1985.
#include <cctype>

#include "ponder/dna/dna.h"

namespace ponder::dna {
namespace {

constexpr std::string_view kNames = "ACGT";

// Converts a letter to upper case, and RNA's U to T.
char plain(char c) {
  const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper == 'U' ? 'T' : upper;
}

// The index of a code in this string is its set of letters, A = 1, C = 2, G = 4, T = 8.
constexpr std::string_view kCodes = "-ACMGRSVTWYHKDBN";

Error unknown(const std::string& expected, char got, std::size_t at, const std::string& where,
              const std::string& hint = "") {
  return {Code::kInvalid, expected, std::string("'") + got + "'",
          where + ", letter " + std::to_string(at), hint};
}

// The hint for a character that occurs in sequence files but not in a sequence of known letters.
std::string hint_of(char c) {
  if (c == '-' || c == '.') return "take the gaps of the alignment out";
  if (c == '*') return "take the mark of the end out";
  return kCodes.find(plain(c)) == std::string_view::npos ? ""
                                                         : "put one letter where several may stand";
}

}  // namespace

Result<Sequence> parse_dna(std::string_view letters, const std::string& where) {
  Sequence out;
  for (char c : letters) {
    const std::size_t v = kNames.find(plain(c));
    if (v == std::string_view::npos)
      return unknown("one of the letters A, C, G, T, U", c, out.size(), where, hint_of(c));
    out.push_back(static_cast<Token>(v));
  }
  return out;
}

std::string dna_text(SequenceView x) {
  std::string s;
  for (Token v : x) s += kNames[v];
  return s;
}

Sequence reverse_complement(SequenceView x) {
  Sequence out;
  for (auto v = x.rbegin(); v != x.rend(); ++v) out.push_back(kLetters - 1 - *v);
  return out;
}

Result<std::vector<LetterSet>> parse_iupac(std::string_view codes, const std::string& where) {
  std::vector<LetterSet> out;
  for (char c : codes) {
    const std::size_t set = kCodes.find(plain(c));
    if (set == std::string_view::npos || set == 0)
      return unknown("an IUPAC code of DNA, one of ACGTRYSWKMBDHVN", c, out.size(), where);
    out.push_back(static_cast<LetterSet>(set));
  }
  return out;
}

std::vector<LetterSet> reverse_complement(std::span<const LetterSet> x) {
  std::vector<LetterSet> out;
  for (auto s = x.rbegin(); s != x.rend(); ++s)
    out.push_back(
        static_cast<LetterSet>((*s & 1) << 3 | (*s & 2) << 1 | (*s & 4) >> 1 | (*s & 8) >> 3));
  return out;
}

}  // namespace ponder::dna
