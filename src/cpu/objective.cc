// ObjectiveSweep: makes the logits of a chunk of rows, differentiates them, and carries the
// derivative back to the hidden vectors.
#include "cpu/objective.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/parallel.h"
#include "ops/activation.h"
#include "ops/vector.h"

namespace ponder {
namespace {

constexpr std::size_t kChunkBytes = 128u << 20;  // size limit of the logits of a chunk

}  // namespace

// Padded, and never a multiple of 4 KB (gemm.h).
int ObjectiveSweep::row_stride() const { return a_stride(model_.weights().output.n_padded()); }

// Fills logits_ (rows, V) with final logits, and sums_ with the sums of each block.
void ObjectiveSweep::make_logits(std::span<const ObjectiveRow> rows, const Objective& o) {
  const int m = static_cast<int>(rows.size()), ld = row_stride(), n_blocks = blocks_.count();
  blocks_.gather(rows, hidden_);
  logits_.grow(static_cast<std::size_t>(round_up(m, kRowBlock)) * ld);
  sums_.assign(static_cast<std::size_t>(m) * n_blocks, BlockSums{});
  parallel_for(model_.info().n_threads, n_blocks, [&](std::int64_t k) {
    const int block = static_cast<int>(k);
    float* l = logits_.data() + blocks_.begin(block);
    blocks_.logits(block, hidden_, m, l, ld);
    for (int i = 0; i < m; ++i, l += ld) {
      blocks_.finish(block, rows[i].mask, l);
      sums_[static_cast<std::size_t>(i) * n_blocks + block] =
          blocks_.sums(block, l, o.alpha, o.lz != 0, false);
    }
  });
}

// With p = softmax(l), q = softmax(alpha l), s the weights, a = o.logprob, b = o.lz, and u the
// derivative of the terms with respect to lp:
//   dJ/dl = a s + b alpha q + u - p (a sum s + b alpha + sum u).
void ObjectiveSweep::differentiate_row(ObjectiveRow& r, const Objective& o, int row) {
  const Config& c = model_.config();
  const int V = c.n_vocab, padded = model_.weights().output.n_padded();
  const auto blocks = static_cast<std::size_t>(blocks_.count());
  const RowTotals sums = total({&sums_[row * blocks], blocks}, o.alpha);
  float* l = logits_.data() + static_cast<std::size_t>(row) * row_stride();
  const auto weight = [&r](std::size_t j) { return r.weights.empty() ? 1.f : r.weights[j]; };

  double weights = 0;
  for (std::size_t j = 0; j < r.candidates.size(); ++j) {
    const double lp = l[r.candidates[j]] - sums.lse;
    if (r.direct) r.direct[j] = o.logprob == 0 ? 0 : static_cast<float>(o.logprob * lp);
    if (weight(j) == 0) continue;  // otherwise 0 times the -inf of a masked id gives NaN
    r.logprob += weight(j) * lp;
    weights += weight(j);
  }
  r.lz = o.lz != 0 ? sums.lz : 0;
  r.value = o.logprob * r.logprob + o.lz * r.lz;

  thread_local std::vector<float> own, d;
  double own_sum = 0;
  if (!o.row_terms.empty()) {
    own.assign(V, 0.f);
    d.resize(V);
    for (int v = 0; v < V; ++v) d[v] = static_cast<float>(l[v] - sums.lse);
    for (const RowTerm* term : o.row_terms) r.value += term->add(r.reply, r.t, d, own);
    for (int v = 0; v < V; ++v) {
      if (std::isinf(l[v])) own[v] = 0;  // the law does not contain masked ids
      own_sum += own[v];
    }
  }
  if (r.batch_row < 0) return;
  d.resize(V);
  // The derivative is written in place, unless the slope of the soft cap still needs the logits.
  float* dl = c.final_soft_cap > 0 ? d.data() : l;
  const double lz = o.lz * o.alpha;
  softmax_sum(l, V, static_cast<float>(-(o.logprob * weights + lz + own_sum)),
              static_cast<float>(sums.lse), static_cast<float>(lz), static_cast<float>(o.alpha),
              static_cast<float>(sums.lz + o.alpha * sums.lse), dl);
  for (std::size_t j = 0; j < r.candidates.size(); ++j)
    dl[r.candidates[j]] += static_cast<float>(o.logprob * weight(j));
  if (!o.row_terms.empty())
    for (int v = 0; v < V; ++v) dl[v] += own[v];
  if (c.final_soft_cap > 0) {
    soft_cap_vjp(l, V, c.final_soft_cap, dl);
    std::copy_n(dl, V, l);
  }
  std::fill(l + V, l + padded, 0.f);
  to_operand(l, padded);
}

// Converts a row of n numbers to compute type in place. The output is not longer than the input,
// and each part is read before it is overwritten.
void ObjectiveSweep::to_operand(float* row, int n) const {
  const Compute compute = model_.kernel().compute;
  if (compute == Compute::kF32) return;
  constexpr int kPart = 1024;
  BF16 part[kPart];
  auto* out = reinterpret_cast<std::byte*>(row);
  for (int i = 0; i < n; i += kPart) {
    const int count = std::min(kPart, n - i);
    convert(compute, row + i, count, part);
    std::memcpy(out + i * sizeof(BF16), part, count * sizeof(BF16));
  }
}

void ObjectiveSweep::carry_back(std::span<const ObjectiveRow> rows, std::span<float> dhidden) {
  const Config& c = model_.config();
  const int m = static_cast<int>(rows.size()), ldh = round_up(c.n_embd, kPanel);
  constexpr int kColumns = Transformer::kVocabBlock;
  const int n_blocks = (c.n_vocab + kColumns - 1) / kColumns;
  const std::size_t group = static_cast<std::size_t>(round_up(m, kRowBlock)) * ldh,
                    size = compute_bytes(model_.kernel().compute),
                    from_bytes = row_stride() * sizeof(float);
  group_sums_.grow(kGroups * group);
  model_.prepare_backward();
  parallel_for(model_.info().n_threads, kGroups, [&](std::int64_t g) {
    // A compact copy of the block's columns: in logits_ the rows lie too far apart.
    thread_local Buffer<std::byte> a;
    const std::size_t a_bytes = a_stride(kColumns) * size;
    a.grow(a_bytes * round_up(m, kRowBlock));
    float* sum = group_sums_.data() + g * group;
    if (g >= n_blocks) std::fill_n(sum, group, 0.f);
    Linear buffer;
    for (int block = static_cast<int>(g); block < n_blocks; block += kGroups) {
      const Linear& w = model_.vocab_transposed(block, buffer);
      const auto* from =
          reinterpret_cast<const std::byte*>(logits_.data()) + block * kColumns * size;
      for (int i = 0; i < m; ++i)
        std::memcpy(a.data() + i * a_bytes, from + i * from_bytes, w.n_in() * size);
      w.forward_panels(a.data(), a_stride(kColumns), m, 0, w.n_panels(), sum, ldh, block != g);
    }
  });
  parallel_for(model_.info().n_threads, m, [&](std::int64_t i) {
    if (rows[i].batch_row < 0) return;
    float* to = dhidden.data() + static_cast<std::ptrdiff_t>(rows[i].batch_row) * c.n_embd;
    const float* sums = group_sums_.data() + i * ldh;
    std::copy_n(sums, c.n_embd, to);
    for (int g = 1; g < kGroups; ++g) add(to, sums + g * group, c.n_embd);
  });
}

void ObjectiveSweep::run_chunk(std::span<ObjectiveRow> rows, const Objective& o,
                               std::span<float> dhidden) {
  make_logits(rows, o);
  parallel_for(model_.info().n_threads, static_cast<std::int64_t>(rows.size()),
               [&](std::int64_t i) { differentiate_row(rows[i], o, static_cast<int>(i)); });
  carry_back(rows, dhidden);
}

void ObjectiveSweep::run(std::span<ObjectiveRow> rows, const Objective& o,
                         std::span<float> dhidden) {
  const std::size_t row_bytes = sizeof(float) * row_stride();
  const std::size_t chunk =
      std::clamp<std::size_t>(kChunkBytes / row_bytes, kRowBlock, Transformer::kMaxRows);
  for (std::size_t i = 0; i < rows.size(); i += chunk)
    run_chunk(rows.subspan(i, std::min(chunk, rows.size() - i)), o, dhidden);
}

}  // namespace ponder
