// Keeps the best sequence of each start.
#include "dna/record.h"

#include <algorithm>
#include <numeric>

namespace ponder::dna {

void Record::end_iteration() {
  for (std::size_t i = 0; i < best_.size(); ++i) curves_[i].push_back(best_[i].fitness);
}

Designs Record::take(Designs d) {
  std::vector<std::size_t> order(best_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return best_[a].fitness > best_[b].fitness;
  });
  for (std::size_t i : order) {
    d.designs.push_back(std::move(best_[i]));
    d.best.push_back(std::move(curves_[i]));
  }
  return d;
}

Status score(const Energy& e, std::span<const Sequence> x, Designs& count,
             std::vector<ChainState>& out) {
  std::vector<Energy::Edit> edits;
  for (const Sequence& one : x) edits.push_back({.tail = one});
  count.n_scored += static_cast<std::int64_t>(x.size());
  return e.evaluate(edits, out);
}

Status begin(const Energy& e, std::span<const Sequence> starts, Designs& count, Record& record,
             std::vector<ChainState>& states) {
  PONDER_TRY(score(e, starts, count, states));
  for (std::size_t i = 0; i < states.size(); ++i) {
    const double fitness = -e.energy(states[i], 0);
    if (!std::isfinite(fitness))
      return Error{Code::kInvalid, "a start within the constraints", "one that is not",
                   "start " + std::to_string(i), ""};
    record.see(i, states[i].tokens, fitness);
  }
  record.end_iteration();
  return {};
}

Status check_end(int steps, const Budget& b) {
  if (steps > 0 || std::isfinite(b.seconds) || b.tokens != std::numeric_limits<std::int64_t>::max())
    return {};
  return Error{Code::kInvalid, "a number of steps, or a budget", "neither", "design", ""};
}

}  // namespace ponder::dna
