// NoisePath: the decoder's noise of one chain during one step, a circle in noise space that forces
// may bend, with the replies that its points decode to. The noise is drawn given the reply at the
// start of the step and forgotten after it. Not a kernel: slice.h and hmc.h move along it.
// docs/methods.md#noise-space.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mcmc/draw_suffixes.h"
#include "ponder/chains/kernel.h"

namespace ponder {

/// The positions that a step moves, drawn independently of the reply.
struct Block {
  enum class Kind { kAll, kSuffix, kOne, kTwo, kThree };
  int begin = 0, end = 0;

  static const std::vector<std::string>& words();  // names of Kind in settings
  /// The first position is uniform over 0 … horizon-1, or 0 for kAll.
  static Block draw(Kind, int horizon, Choices&);
};

/// A reply of a step, final or intermediate, with the whole rows that predict its tokens from
/// `from` on. The state has lz at the target's alpha.
struct KnownReply {
  ChainState state;
  int from = 0;
  std::shared_ptr<const std::vector<Row>> rows{};  // (n - from), or none
  const Row& row(int t) const { return (*rows)[t - from]; }
};
/// Fetches the rows that replies lack, in one batch and without feeding a token.
Status know_rows(const Energy&, std::span<KnownReply* const>);

class NoisePath {
 public:
  NoisePath(const Energy&, int replica, Block, Choices&);

  /// Makes the noise of the reply's positions a draw given that it decodes to the reply. Returns
  /// false if, by rounding, it does not.
  bool lift(const KnownReply&);
  /// (eps, p) <- (eps cos + p sin, p cos - eps sin) on the block: the exact flow of the normal
  /// base.
  void rotate(double angle) { angle_ += angle; }
  /// p += step F of log w at a text, for the text's positions in the block. gain (n, n_vocab): as
  /// for noise_force.
  void kick(const KnownReply&, std::span<const float> gain, double step, double tau);
  /// The change of |eps|^2/2 + |p|^2/2 by all kicks.
  double energy_change() const { return energy_change_; }

  /// The noise (n_vocab) of position t at the present angle.
  std::vector<double> normals(int t) const;
  void gumbels(int t, std::span<float> out) const;
  /// The name of those gumbels, by which the density makes them itself. Empty: neither a counter
  /// nor the angle alone says what they are, as the reply or a kick has moved them.
  std::optional<CountedNoise> counted(int t) const;

  const Block& block() const { return block_; }

 private:
  // (n_vocab) each, at angle 0.
  struct Position {
    std::vector<double> eps, p;
  };
  std::vector<double> fresh(std::uint32_t stream) const;
  bool lifts(int t) const;  // whether the noise there is given what it decodes to
  bool condition(int t, std::vector<double>& eps) const;
  Position unkicked(int t) const;

  const Energy& energy_;
  double alpha_;
  Block block_;
  std::uint64_t seed_;
  double angle_ = 0, energy_change_ = 0;
  KnownReply lifted_{};
  std::map<int, Position> kicked_{};  // only this noise is stored
};

/// Decodes each path at its present angle, in one batch a position, from the first position on
/// whose token differs from that of `near`.
Status decode(const Energy&, std::span<NoisePath* const>, std::span<const KnownReply* const> near,
              std::vector<ChainState>& out);

/// A chain during a step.
struct NoiseMove {
  std::size_t chain;
  NoisePath path;
  KnownReply reply;  // of the start
  // of the start, up to a constant that all replies with the same tokens before the block share
  double log_w = 0;
};
/// The common first part of all noise moves: draws blocks, lifts, and fills infos. Only chains that
/// their block can change become moves; the others are done.
Status begin_noise_moves(const Energy&, Block::Kind, std::span<ChainState>,
                         std::span<Choices* const>, std::span<StepInfo>,
                         std::vector<NoiseMove>& out);

}  // namespace ponder
