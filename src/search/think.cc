// The portfolio in its first form: the first reply, a beam, then best-first search with what they found as its bar.
#include "ponder/think.h"

#include <algorithm>

#include "search/clock.h"

namespace ponder {
namespace {

bool closed(const Reply& r, const ReplyLaw& law) {
  return !r.tokens.empty() && law.closes(static_cast<int>(r.tokens.size()) - 1, r.tokens.back());
}

}  // namespace

Result<ThinkResult> think(CausalDensity& d, Prefix context, const ReplyLaw& law, const ThinkConfig& c,
                          const Budget& budget) {
  const Clock clock(d, budget);
  ThinkResult result;
  std::vector<Reply> known;  // replies of the law, in the order found
  const auto record = [&](const std::string& name, const Cost& before, double since, std::span<const Reply> found) {
    ThinkMethod m{.name = name, .cost = d.cost() - before, .seconds = clock.seconds() - since};
    for (const Reply& r : found) {
      if (!closed(r, law)) continue;
      m.best = m.found ? std::max(m.best, r.logprob) : r.logprob;
      m.found = true;
      known.push_back(r);
    }
    result.methods.push_back(m);
    if (c.progress && !known.empty()) c.progress(name, known[best_reply(known, law)]);
  };
  Cost cost = d.cost();
  Budget only_stop;  // a first reply is owed whatever the budget
  only_stop.stop = budget.stop;
  PONDER_ASSIGN(const std::vector<Reply> first, decode(d, context, law, c.first, 1, only_stop));
  result.first = first[0];
  record("first", cost, 0, first);
  double since = clock.seconds();
  if (!clock.over()) {
    cost = d.cost();
    const Budget share = clock.rest(0.5);
    PONDER_ASSIGN(const BeamResult beam, beam_search(d, context, law, c.beam, share));
    record("beam-" + std::to_string(c.beam.width), cost, since, beam.replies);
    since = clock.seconds();
  }
  cost = d.cost();
  const Budget rest = clock.rest();
  PONDER_ASSIGN(const BestFirstResult proof, best_first(d, context, law, c.best_first, known, rest));
  result.certificate = proof.certificate;
  record("prove", cost, since, proof.replies);
  result.best = known.empty() ? result.first : known[best_reply(known, law)];
  return result;
}

}  // namespace ponder
