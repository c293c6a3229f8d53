// Linear: expands quantised rows into panels, when loading or at each use, and multiplies by them.
#include "ops/linear.h"

#include <algorithm>

#include "base/buffer.h"
#include "base/check.h"
#include "base/parallel.h"

namespace ponder {

Linear::Linear(std::vector<const GgufTensor*> parts, const GemmKernel& kernel, Pages* pages,
               int n_threads)
    : parts_(std::move(parts)),
      kernel_(&kernel),
      n_in_(static_cast<int>(parts_.front()->shape[0])) {
  for (const GgufTensor* t : parts_) {
    PONDER_CHECK(t->shape.size() == 2 && t->shape[0] == n_in_);
    n_out_ += static_cast<int>(t->shape[1]);
  }
  if (!pages) return;
  const std::size_t stride = panel_bytes(kernel.compute, n_in_);
  std::shared_ptr<std::byte> packed = pages->take(stride * n_panels());
  parallel_for(n_threads, n_panels(), [&](std::int64_t p) {
    expand_panel(static_cast<int>(p), packed.get() + p * stride);
  });
  packed_ = std::move(packed);
  if (kernel.run_compact) make_compact(*pages, n_threads);
}

void Linear::make_compact(Pages& pages, int n_threads) {
  const std::optional<CompactForm> form = compact_form(parts_);
  if (!form) return;
  form_ = *form;
  compact_ = pages.take(form_.panel_bytes(n_in_) * n_panels());
  parallel_for(n_threads, n_panels(), [&](std::int64_t p) {
    TensorRow rows[kPanel] = {};
    for (int n = 0; n < kPanel && p * kPanel + n < n_out_; ++n)
      rows[n] = tensor_row(static_cast<int>(p) * kPanel + n);
    pack_compact(form_, kernel_->compute, rows, n_in_,
                 compact_.get() + p * form_.panel_bytes(n_in_));
  });
}

Linear Linear::transposed(std::span<const Outputs> parts, Pages& pages, int n_threads) {
  Linear t;
  t.kernel_ = parts.front().of->kernel_;
  t.n_out_ = parts.front().of->n_in_;
  std::vector<Outputs> blocks;  // of kKBlock outputs each
  for (const Outputs& p : parts)
    for (int n = p.begin; n < p.end; n += kKBlock)
      blocks.push_back({p.of, n, std::min(n + kKBlock, p.end)});
  t.n_in_ = static_cast<int>(blocks.size()) * kKBlock;
  const std::size_t stride = panel_bytes(t.kernel_->compute, t.n_in_),
                    size = panel_bytes(t.kernel_->compute, kKBlock);
  t.packed_ = pages.take(stride * t.n_panels());
  parallel_for(n_threads, static_cast<std::int64_t>(blocks.size()), [&](std::int64_t b) {
    thread_local Buffer<float> rows;
    const int ld = t.n_padded();
    rows.grow(static_cast<std::size_t>(kKBlock) * ld);
    std::fill_n(rows.data(), static_cast<std::size_t>(kKBlock) * ld, 0.f);
    for (int n = blocks[b].begin; n < blocks[b].end; ++n)
      blocks[b].of->row(n, rows.data() + static_cast<std::ptrdiff_t>(n - blocks[b].begin) * ld);
    for (int p = 0; p < t.n_panels(); ++p)
      pack_block(t.kernel_->compute, rows.data() + p * kPanel, ld,
                 t.packed_.get() + p * stride + b * size);
  });
  return t;
}

TensorRow Linear::tensor_row(int n) const {
  for (const GgufTensor* t : parts_) {
    if (n < t->shape[1]) return {t->type, t->data + n * t->row_bytes()};
    n -= static_cast<int>(t->shape[1]);
  }
  PONDER_CHECK(false);
}

void Linear::row(int n, float* out) const {
  const TensorRow r = tensor_row(n);
  dequantize(r.type, r.blocks, n_in_, out);
}

void Linear::expand_panel(int p, void* out) const {
  thread_local Buffer<float> rows;
  rows.grow(static_cast<std::size_t>(kPanel) * n_in_);
  for (int n = 0; n < kPanel; ++n) {
    float* r = rows.data() + static_cast<std::ptrdiff_t>(n) * n_in_;
    if (p * kPanel + n < n_out_) {
      row(p * kPanel + n, r);
    } else {
      std::fill_n(r, n_in_, 0.f);
    }
  }
  pack_panel(kernel_->compute, rows.data(), n_in_, out);
}

void Linear::forward_panels(const void* a, int lda, int m, int begin, int end, float* c, int ldc,
                            bool add) const {
  const std::size_t stride = panel_bytes(kernel_->compute, n_in_);
  const int k_padded = round_up(n_in_, kKBlock);
  if (compact_ && m <= kCompactRows && !add)
    return kernel_->run_compact(form_, a, lda, m, compact_.get() + begin * form_.panel_bytes(n_in_),
                                n_in_, end - begin, c, ldc);
  if (packed_)
    return kernel_->run(a, lda, m, packed_.get() + begin * stride, k_padded, end - begin, c, ldc,
                        add);
  thread_local Buffer<std::byte> panel;
  panel.grow(stride);
  for (int p = begin; p < end; ++p) {
    expand_panel(p, panel.data());
    kernel_->run(a, lda, m, panel.data(), k_padded, 1, c + (p - begin) * kPanel, ldc, add);
  }
}

// Many rows are cut into tiles of rows and panels, so that threads end together and the rows of a
// tile stay in the cache. For a few rows, reading the weights is the whole cost, so tiles are few
// and long.
void Linear::forward(const void* a, int lda, int m, float* c, int ldc, int n_threads) const {
  constexpr int kTileRows = 128;
  const int n_chunks = (m + kTileRows - 1) / kTileRows,
            n_tiles = (m <= kCompactRows ? 2 : 16) * n_threads;
  const int n_groups = std::clamp(n_tiles / std::max(n_chunks, 1), 1, n_panels());
  parallel_for(n_threads, static_cast<std::int64_t>(n_chunks) * n_groups, [&](std::int64_t tile) {
    const int row = static_cast<int>(tile / n_groups) * kTileRows,
              group = static_cast<int>(tile % n_groups);
    const int begin = n_panels() * group / n_groups, end = n_panels() * (group + 1) / n_groups;
    const std::size_t offset =
        static_cast<std::size_t>(row) * lda * compute_bytes(kernel_->compute);
    forward_panels(static_cast<const std::byte*>(a) + offset, lda, std::min(kTileRows, m - row),
                   begin, end, c + static_cast<std::ptrdiff_t>(row) * ldc + begin * kPanel, ldc);
  });
}

}  // namespace ponder
