// Vocabulary rows: from last hidden vectors to what a request wants of p(. | prefix). Logits are
// made and reduced block by block in the same sweep and never stored unless a request asks for the
// whole row. A row's result depends on its hidden vector, mask and needs alone.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "cpu/vocab_blocks.h"

namespace ponder {

class RowReducer {
 public:
  RowReducer(const Transformer& model, KvStore& kv) : model_(model), blocks_(model, kv) {}
  /// Errors: kNumeric (a row that is not finite).
  Status run(std::span<const RowRequest>);

 private:
  static constexpr int kBlock = VocabBlocks::kColumns;
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
  std::span<const BlockSums> sums_of(int row) const {
    const auto n = static_cast<std::size_t>(blocks_.count());
    return std::span(sums_).subspan(row * n, n);
  }
  void reduce_block(const RowRequest&, int row, int block, float* l, int thread);
  static void pick_max(const float* noise, double alpha, int begin, const float* l, int n, Picks&);
  static void pick_list(const Draw&, int begin, const float* l, int n, float block_max, Picks&);
  Status finish(const RowRequest&, int row) const;
  void finish_list(const RowRequest&, int row, double lse) const;
  void draw_inverse_cdf(const RowRequest&, int row, double max, double lse) const;
  Status run_chunk(std::span<const RowRequest>);

  const Transformer& model_;
  VocabBlocks blocks_;
  Buffer<std::byte> hidden_;
  std::vector<BlockSums> sums_;      // (rows, blocks)
  std::vector<float> target_logit_;  // (rows)
  std::vector<Picks> picks_;         // (rows, threads)
};

}  // namespace ponder
