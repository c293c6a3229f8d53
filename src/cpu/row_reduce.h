// Vocabulary rows: from last hidden vectors to what a request wants of p(. | prefix). Logits are
// made and reduced block by block in the same sweep and never stored unless a request asks for the
// whole row. A row's result depends on its hidden vector, mask and needs alone.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "cpu/transformer.h"
#include "ops/reduce.h"

namespace ponder {

/// Logits [begin, begin + n) of a row as they come from the product, made final: soft cap and mask.
void finish_logits(const Config&, const TokenMask*, int begin, int n, float* logits);

/// What the sums of all blocks of a row amount to.
struct RowTotals {
  double max, lse;     // nats
  double lz;           // logsumexp_v alpha lp(v)
  double mean_excess;  // sum_v p (l - max), when the blocks have it
};
RowTotals total(std::span<const BlockSums>, double alpha);

class RowReducer {
 public:
  RowReducer(const Transformer& model, KvStore& kv) : model_(model), kv_(kv) {}
  /// Errors: kNumeric (a row that is not finite).
  Status run(std::span<const RowRequest>);

 private:
  static constexpr int kBlockPanels = 16;  // 512 columns: logits stay in the L2 cache
  static constexpr int kBlock = kBlockPanels * kPanel;
  static constexpr int kChunk = 256;  // rows of one sweep
  struct Candidate {
    float logit;
    Token token;
  };
  // One row's picks as one thread has seen them; merged at the end.
  struct Picks {
    double best = 0;  // kArgmax: alpha l + noise
    Token best_token = -1;
    float best_logit = 0;
    std::vector<Candidate> heap;  // kList: the max_items best, worst first
    float run_max = 0;            // largest logit seen, a lower bound of the normaliser
    float left_max = 0;           // largest logit left out
  };
  int n_blocks() const;
  int block_size(int block) const;
  void logits_of_block(int block, const std::byte* a, int m, float* out) const;
  void reduce_block(const RowRequest&, int row, int block, float* l, int thread);
  static void pick_max(const float* noise, double alpha, int begin, const float* l, int n, Picks&);
  static void pick_list(const Draw&, int begin, const float* l, int n, float block_max, Picks&);
  Status finish(const RowRequest&, int row) const;
  void finish_list(const RowRequest&, int row, double lse) const;
  void draw_inverse_cdf(const RowRequest&, int row, double max, double lse) const;
  Status run_chunk(std::span<const RowRequest>);

  const Transformer& model_;
  KvStore& kv_;
  Buffer<std::byte> a_;
  std::vector<BlockSums> sums_;      // (rows, blocks)
  std::vector<float> target_logit_;  // (rows)
  std::vector<Picks> picks_;         // (rows, threads)
};

}  // namespace ponder
