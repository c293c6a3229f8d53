// The forward pass: attention and feed-forward of each layer, then the output norm. Residual
// stream, norms, softmax and sums are float32; only the operands of matrix products are in compute
// type. Not attention (attend.cc), nor the vectors that enter the first layer (embedding.cc).
#include "cpu/transformer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/parallel.h"
#include "cpu/gates.h"
#include "ops/norm.h"
#include "ops/vector.h"

namespace ponder {

void add_bias(float* x, const std::vector<float>& bias) {
  if (!bias.empty()) add(x, bias.data(), static_cast<int>(bias.size()));
}

Transformer::Transformer(std::shared_ptr<const GgufFile> file, Config c, Weights w,
                         const GemmKernel& kernel, ModelInfo info)
    : file_(std::move(file)),
      config_(std::move(c)),
      weights_(std::move(w)),
      kernel_(&kernel),
      info_(std::move(info)) {}

// A norm that the model does not have changes nothing.
void Transformer::norm_row(const NormWeights& norm, const float* x, int n, float* out) const {
  if (norm.w.empty()) {
    std::copy_n(x, n, out);
  } else if (config_.norm == Norm::kRms) {
    rms_norm(x, norm.w.data(), n, config_.norm_eps, out);
  } else {
    layer_norm(x, norm.w.data(), norm.b.data(), n, config_.norm_eps, out);
  }
}

// Norms the pieces of x (n) that are as wide as the norm, in place: each head, or all heads as one.
void Transformer::norm_pieces(const NormWeights& norm, float* x, int n) const {
  const int width = static_cast<int>(norm.w.size());
  for (int at = 0; at < n; at += width) norm_row(norm, x + at, width, x + at);
}

std::byte* Transformer::row_of(Buffer<std::byte>& a, std::int64_t row, int n) const {
  return a.data() + static_cast<std::size_t>(row) * a_stride(n) * compute_bytes(kernel_->compute);
}

// Computes to = from + residual_scale post(branch + bias). Applies the norm `next` to the result
// and writes it to s.a as the operand of the next product. `to` may be `from`.
void Transformer::residual(int n, const float* from, float* branch, const NormWeights& post,
                           const std::vector<float>& bias, float* to, const NormWeights* next,
                           ForwardScratch& s) const {
  const int d = config_.n_embd, stride = round_up(d, kPanel);
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> row;
    row.resize(d);
    for (std::int64_t i = begin; i < end; ++i) {
      float *y = branch + i * stride, *x = to + i * d;
      add_bias(y, bias);
      if (!post.w.empty()) {
        norm_row(post, y, d, row.data());
        y = row.data();
      }
      if (to != from) std::copy_n(from + i * d, d, x);
      add(x, config_.residual_scale, y, d);
      if (!next) continue;
      norm_row(*next, x, d, row.data());
      to_compute(kernel_->compute, row.data(), d, row_of(s.a, i, d));
    }
  });
}

// Computes gate, up and the activation for a few columns at a time, so that intermediate values
// stay in the cache.
void Transformer::dense(int layer, int n, const LayerState& st, ForwardScratch& s) const {
  const Config& c = config_;
  const LayerWeights& w = weights_.layers[layer];
  const int n_panels = w.up.n_panels(), lda = a_stride(c.n_embd);
  constexpr int kLeast = 2;
  const int width_panels =
      w.up.few_rows(n) ? round_up((n_panels - 1) / (2 * info_.n_threads) + 1, kLeast) : kLeast;
  parallel_for(info_.n_threads, (n_panels + width_panels - 1) / width_panels,
               [&](std::int64_t task) {
                 thread_local Buffer<float> gate, up;
                 const int begin = static_cast<int>(task) * width_panels,
                           end = std::min(begin + width_panels, n_panels);
                 const int ld = (end - begin) * kPanel;
                 const auto product = [&](const Linear& matrix, Buffer<float>& out) {
                   out.grow(static_cast<std::size_t>(round_up(n, kRowBlock)) * ld);
                   matrix.forward_panels(s.a.data(), lda, n, begin, end, out.data(), ld);
                 };
                 product(w.up, up);
                 if (c.activation != Activation::kGelu) product(w.gate, gate);
                 activate(layer, n, begin * kPanel, ld, gate.data(), up.data(), st, s);
               });
  w.down.forward(s.a_ff.data(), a_stride(c.n_ff), n, st.ffn, w.down.n_padded(), info_.n_threads);
}

void Transformer::feed_forward(int layer, int n, const LayerState& st, ForwardScratch& s) const {
  const Config& c = config_;
  const LayerWeights& w = weights_.layers[layer];
  if (c.n_experts > 0) {
    mixture(layer, n, st, s);
  } else {
    dense(layer, n, st, s);
  }
  residual(n, st.mid, st.ffn, w.ffn_post_norm, w.down_bias, st.next,
           layer + 1 < c.n_layers ? &weights_.layers[layer + 1].attn_norm : nullptr, s);
}

// Writes columns [column, column + width) of gate and up, (n, width), to the tape, and their
// activation to the operand of the next product. Takes kRows rows at a time, which stay in the L1
// cache.
void Transformer::activate(int layer, int n, int column, int width, float* gate, float* up,
                           const LayerState& st, ForwardScratch& s) const {
  constexpr int kRows = 16;
  const Config& c = config_;
  const LayerWeights& w = weights_.layers[layer];
  const Compute compute = kernel_->compute;
  const auto bytes = static_cast<std::ptrdiff_t>(compute_bytes(compute));
  const std::ptrdiff_t at = column * bytes, tape_row = tape_stride(c.n_ff) * bytes,
                       a_row = a_stride(c.n_ff) * bytes;
  const auto add_bias_of = [&](const std::vector<float>& bias, float* y, int rows) {
    if (bias.empty()) return;
    for (int i = 0; i < rows; ++i)
      add(y + i * width, bias.data() + column, std::min(width, c.n_ff - column));
  };
  for (std::ptrdiff_t first = 0; first < n; first += kRows) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kRows, n - first));
    float *g = gate + first * width, *u = up + first * width;
    add_bias_of(w.up_bias, u, rows);
    if (st.up)
      convert_rows(compute, u, width, rows, width, st.up + first * tape_row + at, tape_row);
    if (c.activation == Activation::kGelu) {
      gelu(u, rows * width, u);
    } else {
      add_bias_of(w.gate_bias, g, rows);
      if (st.gate)
        convert_rows(compute, g, width, rows, width, st.gate + first * tape_row + at, tape_row);
      gate_of(c.activation).value(g, u, rows * width, u);
    }
    convert_rows(compute, u, width, rows, width, row_of(s.a_ff, first, c.n_ff) + at, a_row);
  }
}

void Transformer::prepare(const ForwardBatch& b, ForwardScratch& s) const {
  const Config& c = config_;
  const int n = b.n(), d = c.n_embd;
  const std::size_t rows = round_up(n, kRowBlock), half = c.rope_dim / 2,
                    size = compute_bytes(kernel_->compute);
  const LayerWeights& l = weights_.layers[0];
  s.x.grow(rows * d);
  s.narrow.grow(rows * round_up(std::max(d, c.q_size()), kPanel));
  s.wide.grow(rows * std::max(l.qkv.n_padded(), l.up.n_padded()));
  s.a.grow(rows * a_stride(std::max({d, c.q_size(), l.qkv.n_padded()})) * size);
  s.a_ff.grow(rows * a_stride(2 * l.up.n_padded()) * size);
  s.cosines.grow(2 * rows * half);
  s.sines.grow(2 * rows * half);
  rope_angles(b, c.rope_global, s.cosines.data(), s.sines.data());
  rope_angles(b, c.rope_local, s.cosines.data() + rows * half, s.sines.data() + rows * half);
}

// In inference, all layers share one set of arrays, and the residual stream is updated in place.
LayerState Transformer::layer_state(int layer, ForwardScratch& s, Tape* tape) const {
  LayerState st;
  if (tape) {
    st = tape->layer(layer);
  } else {
    st.x = st.mid = st.next = s.x.data();
    st.qkv = s.wide.data();
  }
  if (!st.attn) st.attn = st.ffn = s.narrow.data();
  return st;
}

void Transformer::enter_layer(int layer, int n, const LayerState& st, ForwardScratch& s) const {
  const int d = config_.n_embd;
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> row;
    row.resize(d);
    for (std::int64_t i = begin; i < end; ++i) {
      norm_row(weights_.layers[layer].attn_norm, st.x + i * d, d, row.data());
      to_compute(kernel_->compute, row.data(), d, row_of(s.a, i, d));
    }
  });
}

// Returns the batch of those rows of b whose last hidden vectors are wanted. Moves their residual
// stream and queries to the front.
ForwardBatch Transformer::keep_wanted(const ForwardBatch& b, const LayerState& st) const {
  const int d = config_.n_embd, ldc = weights_.layers[0].qkv.n_padded();
  ForwardBatch kept;
  kept.first_run.push_back(0);
  for (int i = 0; i < b.n(); ++i) {
    if (!b.wanted[i]) continue;
    const std::ptrdiff_t to = kept.n();
    if (to != i) {
      std::copy_n(st.x + static_cast<std::ptrdiff_t>(i) * d, d, st.x + to * d);
      std::copy_n(st.qkv + static_cast<std::ptrdiff_t>(i) * ldc, config_.q_size(),
                  st.qkv + to * ldc);
    }
    kept.positions.push_back(b.positions[i]);
    kept.slots.push_back(b.slots[i]);
    kept.runs.insert(kept.runs.end(), b.path(i).begin(), b.path(i).end());
    kept.first_run.push_back(static_cast<std::uint32_t>(kept.runs.size()));
  }
  return kept;
}

void Transformer::leave(const ForwardBatch& b, const float* x, KvStore& kv) const {
  const int d = config_.n_embd;
  parallel_for(info_.n_threads, b.n(), [&](std::int64_t i) {
    thread_local std::vector<float> row;
    row.resize(d);
    norm_row(weights_.output_norm, x + i * d, d, row.data());
    to_compute(kernel_->compute, row.data(), d, kv.hidden(b.slots[i]));
  });
}

// If a row's last hidden vector is not wanted, the row ends at its keys and values of the last
// layer.
void Transformer::run(const ForwardBatch& batch, KvStore& kv, ForwardScratch& s, Tape* tape) const {
  const int last = config_.n_layers - 1;
  const bool all =
      tape || std::all_of(batch.wanted.begin(), batch.wanted.end(), [](bool w) { return w; });
  PONDER_CHECK(batch.n() > 0 && (all || static_cast<int>(batch.wanted.size()) == batch.n()));
  prepare(batch, s);
  LayerState st = layer_state(0, s, tape);
  embed(batch, st.x);
  enter_layer(0, batch.n(), st, s);
  for (int layer = 0; layer <= last; ++layer) {
    st = layer_state(layer, s, tape);
    project(layer, batch, kv, st, s);
    if (layer == last && !all) break;
    attention(layer, batch, kv, st, s);
    feed_forward(layer, batch.n(), st, s);
  }
  if (all) return leave(batch, st.next, kv);
  const ForwardBatch kept = keep_wanted(batch, st);
  if (kept.n() == 0) return;
  attention(last, kept, kv, st, s);
  feed_forward(last, kept.n(), st, s);
  leave(kept, st.next, kv);
}

}  // namespace ponder
