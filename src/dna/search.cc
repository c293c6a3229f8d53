// Optimisers that use only the fitness of whole sequences: neighbours, and annealing. All starts
// run side by side, in batches. Not ascent.
#include <algorithm>

#include "dna/record.h"
#include "ponder/dna/search.h"

namespace ponder::dna {
namespace {

// Adds all sequences one letter away from s.
void add_neighbours(const ChainState& s, std::vector<Energy::Edit>& edits) {
  for (int t = 0; t < s.n(); ++t)
    for (Token v = 0; v < kLetters; ++v) {
      if (v == s.tokens[t]) continue;
      edits.push_back({&s, t, {s.tokens.begin() + t, s.tokens.end()}});
      edits.back().tail[0] = v;
    }
}

}  // namespace

Result<Designs> climb(const Energy& e, std::span<const Sequence> starts, const Budget& budget) {
  const Clock clock(e.density(), budget);
  Designs out;
  dna::Record record(starts.size());
  std::vector<ChainState> now;
  PONDER_TRY(dna::begin(e, starts, out, record, now));
  std::vector<bool> done(starts.size(), false);
  while (std::find(done.begin(), done.end(), false) != done.end() && !clock.over()) {
    for (std::size_t i = 0; i < now.size() && !clock.over(); ++i) {
      if (done[i]) continue;
      std::vector<Energy::Edit> edits;
      add_neighbours(now[i], edits);
      std::vector<ChainState> states;
      if (const Status s = e.evaluate(edits, states); !s.ok()) {
        if (budget.stopped()) break;
        return s.error();
      }
      out.n_scored += static_cast<std::int64_t>(states.size());
      const auto best = std::min_element(states.begin(), states.end(),
                                         [&](const ChainState& a, const ChainState& b) {
                                           return e.energy(a, 0) < e.energy(b, 0);
                                         });
      done[i] = !(e.energy(*best, 0) < e.energy(now[i], 0));
      if (done[i]) continue;
      now[i] = std::move(*best);
      record.see(i, now[i].tokens, -e.energy(now[i], 0));
    }
    record.end_iteration();
  }
  return record.take(std::move(out));
}

Result<Designs> anneal(const Energy& e, const Kernel& kernel, std::span<const Sequence> starts,
                       int steps, std::uint64_t seed, const Budget& budget) {
  PONDER_TRY(dna::check_end(steps, budget));
  const Clock clock(e.density(), budget);
  Designs out;
  dna::Record record(starts.size());
  std::vector<ChainState> states;
  PONDER_TRY(dna::begin(e, starts, out, record, states));
  std::vector<StepInfo> infos(kernel.moves().size() * states.size());
  const int n_replicas = static_cast<int>(e.replicas().size());
  std::uint32_t step = 0;
  for (int stage = 1; stage <= n_replicas; ++stage) {
    for (ChainState& s : states) s.replica = stage % n_replicas;  // the coldest, 0, comes last
    const double until = static_cast<double>(stage) / n_replicas;
    for (int k = 0; (steps == 0 ? clock.spent() < until : k < steps) && !clock.over();
         ++k, ++step) {
      if (const Status s = kernel.step(states, StepChoices(seed, states.size(), step).all(), infos);
          !s.ok()) {
        if (budget.stopped()) break;
        return s.error();
      }
      for (const StepInfo& info : infos) out.n_scored += info.n_proposed;
      for (std::size_t i = 0; i < states.size(); ++i)
        record.see(i, states[i].tokens, -e.energy(states[i], 0));
      record.end_iteration();
    }
  }
  return record.take(std::move(out));
}

}  // namespace ponder::dna
