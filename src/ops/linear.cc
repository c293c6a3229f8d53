// Linear: makes the forms of a matrix, when loading or at each use, and multiplies by them.
#include "ops/linear.h"

#include <algorithm>
#include <optional>

#include "base/buffer.h"
#include "base/check.h"
#include "base/parallel.h"

namespace ponder {

namespace {

// Most rows that read levels where packed panels are there, too.
constexpr int kCompactBesidePacked = 4;

// Types without blocks lose nothing in compute form, and have no other.
bool is_quantised(const GgufTensor* t) { return tensor_type_info(t->type)->block_values > 1; }

struct Forms {
  bool packed = false;
  std::optional<CompactForm> compact{};
};
Forms forms_of(std::span<const GgufTensor* const> parts, const GemmKernel& kernel, WeightForm w) {
  if (w == WeightForm::kQuantised) return {};
  const auto compact = compact_form(parts);
  if (w == WeightForm::kPacked) return {true, kernel.run_compact ? compact : std::nullopt};
  return {!compact && std::none_of(parts.begin(), parts.end(), is_quantised), compact};
}

}  // namespace

Linear::Linear(std::vector<const GgufTensor*> parts, const GemmKernel& kernel, WeightForm weights,
               Pages& pages, int n_threads)
    : parts_(std::move(parts)),
      kernel_(&kernel),
      n_in_(static_cast<int>(parts_.front()->shape[0])) {
  for (const GgufTensor* t : parts_) {
    PONDER_CHECK(t->shape.size() == 2 && t->shape[0] == n_in_);
    n_out_ += static_cast<int>(t->shape[1]);
  }
  const Forms forms = forms_of(parts_, kernel, weights);
  if (forms.compact) make_compact(*forms.compact, pages, n_threads);
  if (forms.packed) make_packed(pages, n_threads);
}

std::int64_t Linear::bytes(std::span<const GgufTensor* const> parts, const GemmKernel& kernel,
                           WeightForm weights) {
  const Forms forms = forms_of(parts, kernel, weights);
  const int n_in = static_cast<int>(parts.front()->shape[0]);
  std::int64_t n_out = 0;
  for (const GgufTensor* t : parts) n_out += t->shape[1];
  const std::size_t panel = (forms.packed ? ponder::panel_bytes(kernel.compute, n_in) : 0) +
                            (forms.compact ? forms.compact->panel_bytes(n_in) : 0);
  return (n_out + kPanel - 1) / kPanel * static_cast<std::int64_t>(panel);
}

// Expands the compact form where there is one, else the tensors of the file.
void Linear::make_packed(Pages& pages, int n_threads) {
  const std::size_t stride = panel_bytes(kernel_->compute, n_in_);
  packed_ = pages.take(stride * n_panels());
  parallel_for(n_threads, n_panels(), [&](std::int64_t p) {
    expand_panel(static_cast<int>(p), 0, n_in_, packed_.get() + p * stride);
  });
}

void Linear::make_compact(const CompactForm& form, Pages& pages, int n_threads) {
  form_ = form;
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

// Inputs [begin, end) of a panel in compute form. Without a compact form these are all inputs.
void Linear::expand_panel(int p, int begin, int end, void* out) const {
  if (compact_)
    return kernel_->expand(form_, compact_.get() + p * form_.panel_bytes(n_in_), n_in_, begin, end,
                           out);
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

bool Linear::reads_levels(int m) const {
  const int most = kernel_->compact_rows;
  return compact_ && m <= (packed_ ? std::min(kCompactBesidePacked, most) : most);
}

bool Linear::few_rows(int m) const { return m <= kCompactBesidePacked || reads_levels(m); }

void Linear::forward_panels(const void* a, int lda, int m, int begin, int end, float* c, int ldc,
                            bool add) const {
  if (reads_levels(m) && !add)
    return kernel_->run_compact(form_, a, lda, m, compact_.get() + begin * form_.panel_bytes(n_in_),
                                n_in_, end - begin, c, ldc);
  if (!packed_) return forward_tiles(a, lda, m, begin, end, c, ldc, add);
  const std::size_t stride = panel_bytes(kernel_->compute, n_in_);
  kernel_->run(a, lda, m, packed_.get() + begin * stride, round_up(n_in_, kKBlock), end - begin, c,
               ldc, add);
}

// Expands each panel once for all rows. Tiles of compact panels hold as many inputs as the L2 cache
// keeps beside the rows; sums over them go on in c.
void Linear::forward_tiles(const void* a, int lda, int m, int begin, int end, float* c, int ldc,
                           bool add) const {
  constexpr int kTileInputs = 8 * kExpandStep;
  const int k_padded = round_up(n_in_, kKBlock), step = compact_ ? kTileInputs : k_padded;
  thread_local Buffer<std::byte> tile;
  tile.grow(panel_bytes(kernel_->compute, std::min(step, k_padded)));
  for (int p = begin; p < end; ++p)
    for (int k = 0; k < k_padded; k += step) {
      const int next = std::min(k + step, k_padded);
      expand_panel(p, k, next, tile.data());
      kernel_->run(static_cast<const std::byte*>(a) + k * compute_bytes(kernel_->compute), lda, m,
                   tile.data(), next - k, 1, c + (p - begin) * kPanel, ldc, add || k > 0);
    }
}

// Many rows are cut into tiles of rows and panels, so that threads end together and the rows of a
// tile stay in the cache; not where each tile would expand its panels again. For a few rows,
// reading the weights is the whole cost, so tiles are few and long.
void Linear::forward(const void* a, int lda, int m, float* c, int ldc, int n_threads) const {
  const int tile_rows = packed_ ? 128 : std::max(m, 1);
  const int n_chunks = (m + tile_rows - 1) / tile_rows,
            n_tiles = (few_rows(m) ? 2 : 16) * n_threads;
  const int n_groups = std::clamp(n_tiles / std::max(n_chunks, 1), 1, n_panels());
  parallel_for(n_threads, static_cast<std::int64_t>(n_chunks) * n_groups, [&](std::int64_t tile) {
    const int row = static_cast<int>(tile / n_groups) * tile_rows,
              group = static_cast<int>(tile % n_groups);
    const int begin = n_panels() * group / n_groups, end = n_panels() * (group + 1) / n_groups;
    const std::size_t offset =
        static_cast<std::size_t>(row) * lda * compute_bytes(kernel_->compute);
    forward_panels(static_cast<const std::byte*>(a) + offset, lda, std::min(tile_rows, m - row),
                   begin, end, c + static_cast<std::ptrdiff_t>(row) * ldc + begin * kPanel, ldc);
  });
}

}  // namespace ponder
