// Each chain has its own step count, within a window after the slowest chain.
#include "chain/run_ahead.h"

#include <algorithm>

namespace ponder {
namespace {

constexpr std::uint64_t kWindow = 64;  // steps
// about the largest number of waiting states of all chains together
constexpr std::uint64_t kStates = 1024;

}  // namespace

RunAhead::RunAhead(std::span<const ChainState> states, std::uint64_t seed, std::uint64_t step)
    : seed_(seed),
      step_(step),
      window_(std::clamp<std::uint64_t>(kStates / states.size(), 1, kWindow)),
      front_(states.begin(), states.end()) {
  for (std::size_t c = 0; c < states.size(); ++c) chains_.push_back({.begun = step});
}

std::unique_ptr<RunAhead> RunAhead::make(const Kernel& k, std::span<const ChainState> states,
                                         std::uint64_t seed, std::uint64_t step) {
  std::unique_ptr<RunAhead> r(new RunAhead(states, seed, step));
  r->steps_ = k.async(r->front_);
  return r->steps_ ? std::move(r) : nullptr;
}

Status RunAhead::begin(std::uint64_t last) {
  for (std::size_t c = 0; c < chains_.size(); ++c) {
    Chain& chain = chains_[c];
    if (chain.choices || chain.begun >= std::min(last, step_ + window_)) continue;
    ++chain.begun;
    chain.choices = random_choices(seed_, static_cast<std::uint32_t>(c),
                                   static_cast<std::uint32_t>(chain.begun));
    PONDER_TRY(steps_->begin(static_cast<int>(c), *chain.choices));
  }
  return {};
}

Status RunAhead::step(std::uint64_t last, std::span<ChainState> states, std::span<StepInfo> infos) {
  const auto waits = [](const Chain& c) { return c.done.empty(); };
  std::vector<AsyncSteps::Done> done;
  while (std::any_of(chains_.begin(), chains_.end(), waits)) {
    PONDER_TRY(begin(std::max(last, step_ + 1)));
    PONDER_TRY(steps_->pass(done));
    for (const auto& [c, info] : done) {
      chains_[c].choices.reset();
      chains_[c].done.emplace_back(front_[c], info);
    }
  }
  for (std::size_t c = 0; c < chains_.size(); ++c) {
    std::tie(states[c], infos[c]) = std::move(chains_[c].done.front());
    chains_[c].done.pop_front();
  }
  ++step_;
  return {};
}

}  // namespace ponder
