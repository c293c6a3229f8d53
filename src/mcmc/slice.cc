// In each round all open chains try an angle in one batch; chains whose weight is on the slice are
// done.
#include "mcmc/slice.h"

#include <cmath>
#include <numbers>

namespace ponder {
namespace {

// The bracket shrinks towards the start, which is on the slice. After so many shrinks it is as
// narrow as rounding allows.
constexpr int kMaxShrinks = 100;

struct Bracket {
  double low, high, at;  // angles
  double log_level;      // of the slice, nats
};

}  // namespace

Status SliceKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                         std::span<StepInfo> infos) const {
  std::vector<NoiseMove> moves;
  PONDER_TRY(begin_noise_moves(energy_, config_.block, chains, choices, infos, moves));
  std::vector<Bracket> brackets;
  std::vector<std::size_t> open;
  for (NoiseMove& m : moves) {
    const double level = m.log_w + std::log(choices[m.chain]->uniform());
    const double angle = 2 * std::numbers::pi * choices[m.chain]->uniform();
    m.path.rotate(angle);
    open.push_back(brackets.size());
    brackets.push_back({angle - 2 * std::numbers::pi, angle, angle, level});
  }
  std::vector<ChainState> taken(chains.begin(), chains.end());
  for (int k = 0; k < kMaxShrinks && !open.empty(); ++k) {
    std::vector<NoisePath*> paths;
    std::vector<const KnownReply*> near;
    for (std::size_t i : open) paths.push_back(&moves[i].path), near.push_back(&moves[i].reply);
    std::vector<ChainState> tried;
    PONDER_TRY(decode(energy_, paths, near, tried));
    std::vector<std::size_t> failed;
    for (std::size_t j = 0; j < open.size(); ++j) {
      NoiseMove& m = moves[open[j]];
      Bracket& b = brackets[open[j]];
      ++infos[m.chain].n_proposed;
      if (log_weight(energy_, tried[j], m.reply.from) > b.log_level) {
        infos[m.chain].accepted = true;
        taken[m.chain] = std::move(tried[j]);
        continue;
      }
      (b.at < 0 ? b.low : b.high) = b.at;
      const double next = b.low + (b.high - b.low) * choices[m.chain]->uniform();
      m.path.rotate(next - b.at);
      b.at = next;
      failed.push_back(open[j]);
    }
    open = std::move(failed);
  }
  for (std::size_t i : open) infos[moves[i].chain].numeric = true;
  std::move(taken.begin(), taken.end(), chains.begin());
  return {};
}

}  // namespace ponder
