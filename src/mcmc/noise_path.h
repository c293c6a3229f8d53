// NoisePath: the decoder's noise of one chain during one step, a circle in noise space that forces
// may bend, and what points on it decode to. Drawn given the reply at the start of the step and
// forgotten after it. Not a kernel: slice.h and hmc.h move on it. docs/methods.md#noise-space.
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

/// Positions that a step moves, drawn without looking at the reply.
struct Block {
  enum class Kind { kAll, kSuffix, kOne, kTwo, kThree };
  int begin = 0, end = 0;

  static const std::vector<std::string>& words();  // of Kind, as settings spell them
  /// The first position is uniform over 0 … horizon-1, or 0 for kAll.
  static Block draw(Kind, int horizon, Choices&);
};

/// A reply, or what a step passes on its way, with the whole rows that predict its tokens from
/// `from` on. The state has lz at the target's alpha.
struct KnownReply {
  ChainState state;
  int from = 0;
  std::shared_ptr<const std::vector<Row>> rows{};  // (n - from), or none
  const Row& row(int t) const { return (*rows)[t - from]; }
};
/// Rows that replies lack, in one batch and without feeding a token.
Status know_rows(const Energy&, std::span<KnownReply* const>);

class NoisePath {
 public:
  NoisePath(const Energy&, int replica, Block, Choices&);

  /// From now on the noise of the reply's own positions is a draw given that it decodes to the
  /// reply. False: by rounding, it does not decode to it.
  bool lift(const KnownReply&);
  /// (eps, p) <- (eps cos + p sin, p cos - eps sin) on the block: the exact flow of the normal
  /// base.
  void rotate(double angle) { angle_ += angle; }
  /// p += step F of log w at a text, for the text's positions in the block. gain (n, n_vocab): of
  /// noise_force.
  void kick(const KnownReply&, std::span<const float> gain, double step, double tau);
  /// Of |eps|^2/2 + |p|^2/2, by all kicks.
  double energy_change() const { return energy_change_; }

  /// (n_vocab), position t at the present angle.
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
  std::map<int, Position> kicked_{};  // the only noise that is kept
};

/// What each path decodes to now, all in one batch a position, from the first position on where
/// that is another token than in `near`.
Status decode(const Energy&, std::span<NoisePath* const>, std::span<const KnownReply* const> near,
              std::vector<ChainState>& out);

/// A chain in the course of a step.
struct NoiseMove {
  std::size_t chain;
  NoisePath path;
  KnownReply reply;  // of the start
  double log_w =
      0;  // of the start, up to what all replies with the same tokens before the block share
};
/// The part that all noise moves begin with: draws blocks, lifts, and fills infos. Only chains
/// whose block can change them become moves: the others are done.
Status begin_noise_moves(const Energy&, Block::Kind, std::span<ChainState>,
                         std::span<Choices* const>, std::span<StepInfo>,
                         std::vector<NoiseMove>& out);

}  // namespace ponder
