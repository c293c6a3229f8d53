// Beam search, all live prefixes of a length in one batch.
#include <algorithm>

#include "search/clock.h"

namespace ponder {
namespace {

struct Beam {
  PrefixRef at{};  // the last token is not fed yet
  std::vector<Token> tokens;
  double logprob = 0;
};
struct Child {
  double logprob;
  std::size_t beam;
  Token token;
};

// Removes the children that close at position t, too early to count.
void take_short(const ReplyLaw& law, int t, const std::vector<Beam>& live,
                std::vector<Child>& children, std::optional<Reply>& shorter) {
  std::erase_if(children, [&](const Child& c) {
    if (!law.closes(t, c.token)) return false;
    if (!shorter || c.logprob > shorter->logprob) {
      shorter = {live[c.beam].tokens, c.logprob, law.is_end(c.token)};
      shorter->tokens.push_back(c.token);
    }
    return true;
  });
}

}  // namespace

Result<BeamResult> beam_search(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                               const BeamConfig& c, const Budget& budget) {
  if (c.width < 1)
    return Error{Code::kInvalid, "a beam of at least 1", std::to_string(c.width), "beam search",
                 ""};
  const Clock clock(d, budget);
  const auto width = static_cast<std::size_t>(c.width);
  BeamResult result;
  std::vector<Beam> live(1);
  live[0].at = context;
  double told = -std::numeric_limits<double>::infinity();
  int t = 0;
  const auto hopeless = [&] {
    return live.empty() ||
           (result.replies.size() >= width && live[0].logprob <= result.replies[width - 1].logprob);
  };
  for (; !hopeless() && law.extends(t) && !clock.over(); ++t) {
    std::vector<Extend> batch;
    const TokenMask* mask = law.mask(t);
    // Where end tokens are no candidates, they must not push other tokens off the lists.
    const int most = c.width + (law.counts(t + 1) ? 0 : static_cast<int>(law.end_tokens().size()));
    for (const Beam& b : live) {
      const std::span<const Token> last(b.tokens.data() + (t > 0 ? t - 1 : 0), t > 0 ? 1 : 0);
      batch.push_back({.parent = b.at,
                       .tokens = last,
                       .rows = RowSet::kLast,
                       .needs = {.draw = {.kind = Draw::Kind::kList, .max_items = most}},
                       .masks = {mask}});
    }
    Rows rows;
    PONDER_TRY(d.extend(batch, rows));
    std::vector<Child> children;
    for (std::size_t i = 0; i < live.size(); ++i)
      for (const TokenProb& v : rows.rows[i].list)
        children.push_back({live[i].logprob + v.logprob, i, v.token});
    if (!law.counts(t + 1)) take_short(law, t, live, children, result.shorter);
    std::stable_sort(children.begin(), children.end(),
                     [](const Child& a, const Child& b) { return a.logprob > b.logprob; });
    if (children.size() > width) children.resize(width);
    std::vector<Beam> next;
    for (const Child& ch : children) {
      std::vector<Token> tokens = live[ch.beam].tokens;
      tokens.push_back(ch.token);
      if (law.closes(t, ch.token)) {
        result.replies.push_back({std::move(tokens), ch.logprob, law.is_end(ch.token)});
      } else {
        next.push_back({rows.end[ch.beam], std::move(tokens), ch.logprob});
      }
    }
    live = std::move(next);
    std::stable_sort(result.replies.begin(), result.replies.end(),
                     [](const Reply& a, const Reply& b) { return a.logprob > b.logprob; });
    if (result.replies.size() > width) result.replies.resize(width);
    if (c.progress && !result.replies.empty() && result.replies[0].logprob > told)
      c.progress(result.replies[0]), told = result.replies[0].logprob;
  }
  result.completed = hopeless() || !law.extends(t);
  return result;
}

}  // namespace ponder
