// Longest copied runs of words, found one after the other from the left: texts are short.
#include "notes/echo.h"

#include <algorithm>
#include <set>

#include "text/words.h"

namespace ponder {
namespace {

using Words = std::vector<Word>;

// Of the longest run from said[i] on that stands in `asked`.
std::size_t longest_run(const Words& asked, const Words& said, std::size_t i) {
  std::size_t longest = 0;
  for (std::size_t k = 0; k < asked.size(); ++k) {
    std::size_t n = 0;
    while (i + n < said.size() && k + n < asked.size() && said[i + n].text == asked[k + n].text)
      ++n;
    longest = std::max(longest, n);
  }
  return longest;
}

double weight(const Words& words, std::size_t begin, std::size_t n) {
  double sum = 0;
  for (std::size_t i = begin; i < begin + n; ++i) sum += words[i].alone ? 0.5 : 1;
  return sum;
}

}  // namespace

bool echoes(std::string_view question, std::string_view reply) {
  constexpr double kFewest = 4, kRun = 3;  // words
  constexpr double kQuoted = 8;    // times as long as the reply, a question is a text to quote from
  constexpr double kCopied = 0.8;  // share of the reply's words that lie in copied runs
  const Words asked = words_of(question), said = words_of(reply);
  const double all = weight(said, 0, said.size());
  if (all < kFewest || weight(asked, 0, asked.size()) > kQuoted * all) return false;
  std::set<std::string> known;
  for (const Word& w : asked) known.insert(w.text);
  if (!std::all_of(said.begin(), said.end(), [&](const Word& w) { return known.contains(w.text); }))
    return false;
  double copied = 0;
  for (std::size_t i = 0; i < said.size();) {
    const std::size_t n = longest_run(asked, said, i);  // at least 1: every word is known
    const double run = weight(said, i, n);
    copied += run >= kRun ? run : 0;
    i += run >= kRun ? n : 1;
  }
  return copied >= kCopied * all;
}

}  // namespace ponder
