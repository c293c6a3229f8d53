// The longest copied runs of words are found one after the other from the left; texts are short, so
// this is fast enough.
#include "notes/echo.h"

#include <algorithm>
#include <set>

#include "text/words.h"

namespace ponder {
namespace {

using Words = std::vector<Word>;

// Length of the longest run from said[i] on that occurs in `asked`.
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
  // a question so many times longer than the reply is a text to quote from
  constexpr double kQuoted = 8;
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
    // at least 1, since every word occurs in the question
    const std::size_t n = longest_run(asked, said, i);
    const double run = weight(said, i, n);
    copied += run >= kRun ? run : 0;
    i += run >= kRun ? n : 1;
  }
  return copied >= kCopied * all;
}

}  // namespace ponder
