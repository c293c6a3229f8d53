// The sentences of the notes, and their thresholds.
#include "ponder/core/notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notes/echo.h"
#include "text/words.h"

namespace ponder {
namespace {

// The note on a first reply that is no reply: it says why decoding stopped, and that the
// probability is that of a prefix.
std::string cut_note(const ThinkResult& r) {
  const auto n = r.first.tokens.size();
  const char* why = static_cast<int>(n) >= r.law.horizon ? "cut" : "stopped";
  return fmt::format("the first reply was {} at {} tokens{}: it is a prefix, so no gain is given",
                     why, n, static_cast<int>(n) >= r.law.horizon ? " (-n)" : "");
}

}  // namespace

double repeated_share(std::span<const Token> t) {
  constexpr std::size_t kGram = 4;
  if (t.size() < kGram) return 0;
  std::set<std::vector<Token>> seen;
  const std::size_t n = t.size() - kGram + 1;
  for (std::size_t i = 0; i < n; ++i) {
    const auto gram = t.subspan(i, kGram);
    seen.emplace(gram.begin(), gram.end());
  }
  return static_cast<double>(n - seen.size()) / static_cast<double>(n);
}

bool is_canonical(const Tokenizer& t, std::span<const Token> reply) {
  const auto& ends = t.end_tokens();
  if (!reply.empty() && std::binary_search(ends.begin(), ends.end(), reply.back()))
    reply = reply.first(reply.size() - 1);
  const std::vector<Token> again = t.encode(t.decode(reply, false), {.parse_special = false});
  return std::equal(again.begin(), again.end(), reply.begin(), reply.end());
}

std::vector<std::string> notes(const ThinkResult& r, const Tokenizer& t,
                               std::string_view question) {
  constexpr double kRepeats = 0.2;  // share of 4-grams
  std::vector<std::string> all;
  const Reply &first = r.first, &best = r.best;
  if (!r.gain) all.push_back(cut_note(r));
  if (2 * best.tokens.size() < first.tokens.size())
    all.push_back(
        fmt::format("{} tokens instead of {}: a short reply is likelier because it is short",
                    best.tokens.size(), first.tokens.size()));
  const std::string text = t.decode(best.tokens, false);
  if (!has_content(text)) all.emplace_back("the reply has no words");
  if (echoes(question, text))
    all.push_back(
        fmt::format("the reply adds nothing to the question: each of its {} words stands there",
                    words_of(text).size()));
  if (const double share = repeated_share(best.tokens); share >= kRepeats)
    all.push_back(fmt::format("the reply repeats itself: {:.0f} % of its 4-grams occurred before",
                              100 * share));
  if (!is_canonical(t, best.tokens))
    all.emplace_back("the tokenizer would spell this text with other tokens");
  return all;
}

}  // namespace ponder
