// Runs one part after the other.
#include "mcmc/cycle.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace ponder {

std::vector<std::string> Cycle::moves() const {
  std::vector<std::string> names;
  for (const auto& k : parts_)
    for (std::string& m : k->moves()) names.push_back(std::move(m));
  return names;
}

Status Cycle::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                   std::span<StepInfo> infos) const {
  const std::vector<ChainState> before(chains.begin(), chains.end());
  for (const auto& k : parts_) {
    const std::size_t n = k->moves().size() * chains.size();
    if (Status s = k->step(chains, choices, infos.first(n)); !s.ok()) {
      std::copy(before.begin(), before.end(), chains.begin());
      return s;
    }
    infos = infos.subspan(n);
  }
  return {};
}

// For a part that occurs several times, the first of its moves is used.
std::vector<StepSize> Cycle::step_sizes() {
  std::vector<StepSize> all;
  std::set<const Kernel*> seen;
  int move = 0;
  for (const auto& k : parts_) {
    if (seen.insert(k.get()).second)
      for (StepSize s : k->step_sizes()) {
        s.move += move;
        all.push_back(s);
      }
    move += static_cast<int>(k->moves().size());
  }
  return all;
}

int Cycle::group() const {
  int g = 1;
  for (const auto& k : parts_) g = std::lcm(g, k->group());
  return g;
}

}  // namespace ponder
