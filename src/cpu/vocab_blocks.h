// VocabBlocks: the vocabulary in blocks of columns, from last hidden vectors to final logits and
// the sums of a block, so that the logits of a block stay in the L2 cache. Not what is made of the
// logits: draws and lists (row_reduce.h), an objective's derivative (objective.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/buffer.h"
#include "cpu/transformer.h"
#include "ops/reduce.h"

namespace ponder {

/// The sums over a whole row, from the sums of its blocks.
struct RowTotals {
  double max, lse;     // nats
  double lz;           // logsumexp_v alpha lp(v)
  double mean_excess;  // sum_v p (l - max), if the blocks have this sum
};
RowTotals total(std::span<const BlockSums>, double alpha);

class VocabBlocks {
 public:
  static constexpr int kPanels = 16, kColumns = kPanels * kPanel;  // a block has 512 columns
  VocabBlocks(const Transformer& model, KvStore& kv) : model_(model), kv_(kv) {}
  int count() const { return (model_.weights().output.n_panels() + kPanels - 1) / kPanels; }
  int begin(int block) const { return block * kColumns; }
  /// The number of columns of a block that are tokens.
  int size(int block) const { return std::min(kColumns, model_.config().n_vocab - begin(block)); }

  /// Puts the hidden vectors of the rows' slots side by side, as the operand of logits().
  template <class R>
  void gather(std::span<const R> rows, Buffer<std::byte>& hidden) const {
    const std::size_t stride =
        a_stride(model_.config().n_embd) * compute_bytes(model_.kernel().compute);
    hidden.grow(stride * round_up(static_cast<int>(rows.size()), kRowBlock));
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::memcpy(hidden.data() + i * stride, kv_.hidden(rows[i].slot), stride);
  }
  /// Computes the logits of a block of m rows, as the matrix product gives them: row i at out + i
  /// ld.
  void logits(int block, const Buffer<std::byte>& hidden, int m, float* out, int ld) const;
  /// Applies the soft cap and the mask, in place, to the logits of a block of one row.
  void finish(int block, const TokenMask*, float* l) const;
  /// Returns the sums of a block of final logits. Where `lz` is false or alpha is 1, s_alpha is s.
  BlockSums sums(int block, const float* l, double alpha, bool lz, bool entropy) const;

 private:
  const Transformer& model_;
  KvStore& kv_;
};

}  // namespace ponder
