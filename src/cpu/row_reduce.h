// RowReducer: turns last hidden vectors into what each request wants of p(. | prefix). It makes and
// reduces the logits block by block in one sweep, and stores none of them unless a request asks for
// the whole row. The result of a row depends on its hidden vector, mask and needs alone.
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
  /// Fills `out` of each request. Errors: kNumeric (a row is not finite).
  Status run(std::span<const RowRequest>);

 private:
  static constexpr int kBlock = VocabBlocks::kColumns;
  static constexpr int kChunk = 256;  // rows reduced in one sweep
  struct Candidate {
    float logit;
    Token token;
  };
  // The candidates that one thread has picked from one row so far. finish() merges those of all
  // threads.
  struct Picks {
    double best = 0;  // for kArgmax: the largest alpha l + noise
    Token best_token = -1;
    float best_logit = 0;
    std::vector<Candidate> heap;  // for kList: the max_items best candidates, worst first
    float run_max = 0;            // largest logit seen: a lower bound of the log normaliser
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
