// One part after the other.
#include "mcmc/cycle.h"

#include <numeric>

namespace ponder {

std::vector<std::string> Cycle::moves() const {
  std::vector<std::string> names;
  for (const auto& k : parts_)
    for (std::string& m : k->moves()) names.push_back(std::move(m));
  return names;
}

Status Cycle::step(std::span<ChainState> chains, std::span<Choices* const> choices, std::span<StepInfo> infos) const {
  for (const auto& k : parts_) {
    const std::size_t n = k->moves().size() * chains.size();
    PONDER_TRY(k->step(chains, choices, infos.first(n)));
    infos = infos.subspan(n);
  }
  return {};
}

std::vector<StepSize> Cycle::step_sizes() {
  std::vector<StepSize> all;
  int move = 0;
  for (const auto& k : parts_) {
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
