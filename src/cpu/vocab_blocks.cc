// VocabBlocks: the logits and sums of one block, and the sums of a whole row.
#include "cpu/vocab_blocks.h"

#include <cmath>

#include "base/infinity.h"
#include "ops/activation.h"

namespace ponder {
namespace {}  // namespace

RowTotals total(std::span<const BlockSums> blocks, double alpha) {
  double max = -kFloatInf, s = 0, s_alpha = 0, dot = 0;
  for (const BlockSums& b : blocks) max = std::max<double>(max, b.max);
  for (const BlockSums& b : blocks) {
    if (b.s <= 0) continue;
    const double scale = std::exp(b.max - max);
    s += b.s * scale;
    s_alpha += b.s_alpha * std::exp(alpha * (b.max - max));
    dot += scale * (b.s_dot + b.s * (b.max - max));
  }
  const double lse = max + std::log(s);
  return {max, lse, alpha == 1 ? 0 : std::log(s_alpha) + alpha * (max - lse), dot / s};
}

void VocabBlocks::logits(int block, const Buffer<std::byte>& hidden, int m, float* out,
                         int ld) const {
  const Linear& w = model_.weights().output;
  const int first = block * kPanels, end = std::min(first + kPanels, w.n_panels());
  w.forward_panels(hidden.data(), a_stride(w.n_in()), m, first, end, out, ld);
}

void VocabBlocks::finish(int block, const TokenMask* mask, float* l) const {
  const Config& c = model_.config();
  const int n = size(block);
  if (c.final_soft_cap > 0) soft_cap(l, n, c.final_soft_cap);
  if (!mask) return;
  for (int i = 0; i < n; ++i)
    if (!(*mask)[begin(block) + i]) l[i] = -kFloatInf;
}

BlockSums VocabBlocks::sums(int block, const float* l, double alpha, bool lz, bool entropy) const {
  const bool two = lz && alpha != 1;
  BlockSums sums = block_sums(l, size(block), static_cast<float>(alpha), two, entropy);
  if (!two) sums.s_alpha = sums.s;
  return sums;
}

}  // namespace ponder
