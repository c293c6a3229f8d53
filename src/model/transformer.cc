// The forward pass: embeddings, then attention and feed-forward of each layer, then the output norm. Residual
// stream, norms, softmax and sums are float32; only the operands of matrix products are in compute type.
#include "model/transformer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/parallel.h"
#include "ops/rowwise.h"

namespace ponder {
namespace {

void add_bias(float* x, const std::vector<float>& bias) {
  if (!bias.empty()) add(x, bias.data(), static_cast<int>(bias.size()));
}

}  // namespace

KvStore::KvStore(const Config& c, const GemmKernel& kernel, int n_slots)
    : n_heads_(c.n_kv_heads),
      head_size_(static_cast<std::size_t>(round_up(n_slots, kKeyBlock)) * c.head_dim),
      hidden_stride_(a_stride(c.n_embd) * compute_bytes(kernel.compute)),
      keys_(head_size_ * c.n_kv_heads * c.n_layers),
      values_(head_size_ * c.n_kv_heads * c.n_layers),
      hidden_(hidden_stride_ * n_slots) {}

std::int64_t KvStore::bytes_per_slot(const Config& c, const GemmKernel& kernel) {
  return 8ll * c.kv_size() * c.n_layers + static_cast<std::int64_t>(a_stride(c.n_embd) * compute_bytes(kernel.compute));
}

Transformer::Transformer(std::shared_ptr<const GgufFile> file, Config c, Weights w, const GemmKernel& kernel,
                         ModelInfo info)
    : file_(std::move(file)), config_(std::move(c)), weights_(std::move(w)), kernel_(&kernel), info_(std::move(info)) {}

void Transformer::norm_row(const NormWeights& norm, const float* x, int n, float* out) const {
  if (config_.norm == Norm::kRms) {
    rms_norm(x, norm.w.data(), n, config_.norm_eps, out);
  } else {
    layer_norm(x, norm.w.data(), norm.b.data(), n, config_.norm_eps, out);
  }
}

void Transformer::to_a(const float* x, int n, int row, ForwardScratch& s) const {
  to_compute(kernel_->compute, x, n,
             s.a.data() + static_cast<std::size_t>(row) * a_stride(n) * compute_bytes(kernel_->compute));
}

void Transformer::embed(const ForwardBatch& b, ForwardScratch& s) const {
  const int d = config_.n_embd;
  parallel_for(info_.n_threads, b.n(), [&](std::int64_t i) {
    float* x = s.x.data() + i * d;
    const GgufTensor& e = *weights_.token_embd;
    dequantize(e.type, e.data + b.tokens[i] * e.row_bytes(), d, x);
    if (config_.embed_scale != 1)
      for (int k = 0; k < d; ++k) x[k] *= config_.embed_scale;
    if (const GgufTensor* p = weights_.position_embd) {
      thread_local std::vector<float> row;
      row.resize(d);
      dequantize(p->type, p->data + b.positions[i] * p->row_bytes(), d, row.data());
      add(x, row.data(), d);
    }
  });
}

void Transformer::rope_angles(const ForwardBatch& b, const RopeTable& t, float* cosines, float* sines) const {
  const std::size_t half = t.inverse.size();
  parallel_for(info_.n_threads, b.n(), [&](std::int64_t i) {
    for (std::size_t k = 0; k < half; ++k) {
      const float angle = static_cast<float>(b.positions[i]) * t.inverse[k];
      cosines[i * half + k] = std::cos(angle) * t.scale;
      sines[i * half + k] = std::sin(angle) * t.scale;
    }
  });
}

// x += post(branch + bias); a = next(x). The branch lies in s.narrow.
void Transformer::residual(int n, const NormWeights& post, const std::vector<float>& bias, const NormWeights* next,
                           ForwardScratch& s) const {
  const int d = config_.n_embd, stride = round_up(d, kPanel);
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float *branch = s.narrow.data() + i * stride, *x = s.x.data() + i * d;
      add_bias(branch, bias);
      if (!post.w.empty()) norm_row(post, branch, d, branch);
      add(x, branch, d);
      if (!next) continue;
      norm_row(*next, x, d, branch);
      to_a(branch, d, static_cast<int>(i), s);
    }
  });
}

void Transformer::attention(int layer, const ForwardBatch& b, KvStore& kv, ForwardScratch& s) const {
  const Config& c = config_;
  const LayerWeights& w = weights_.layers[layer];
  const int n = b.n(), hd = c.head_dim, ldc = w.qkv.n_padded(), half = c.rope_dim / 2;
  w.qkv.forward(s.a.data(), a_stride(c.n_embd), n, s.wide.data(), ldc, info_.n_threads);
  // Local layers take the second half of the angle tables.
  const std::size_t angles = c.local[layer] ? static_cast<std::size_t>(round_up(n, kRowBlock)) * half : 0;
  const auto finish_head = [&](float* head, const NormWeights& norm, std::int64_t row) {
    if (!norm.w.empty()) norm_row(norm, head, hd, head);
    if (c.rope == Rope::kNone) return;
    const float *cosines = s.cosines.data() + angles + row * half, *sines = s.sines.data() + angles + row * half;
    (c.rope == Rope::kInterleaved ? rope_interleaved : rope_halves)(head, cosines, sines, c.rope_dim);
  };
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float* q = s.wide.data() + i * ldc;
      add_bias(q, w.qkv_bias);
      for (int h = 0; h < c.n_heads; ++h) finish_head(q + h * hd, w.q_norm, i);
      float *k = q + c.q_size(), *v = k + c.kv_size();
      for (int h = 0; h < c.n_kv_heads; ++h) {
        finish_head(k + h * hd, w.k_norm, i);
        store_key(k + h * hd, hd, b.slots[i], kv.keys(layer, h));
        std::copy_n(v + h * hd, hd, kv.values(layer, h) + static_cast<std::ptrdiff_t>(b.slots[i]) * hd);
      }
    }
  });
  attend_heads(layer, b, kv, s);
  w.attn_out.forward(s.a.data(), a_stride(c.q_size()), n, s.narrow.data(), w.attn_out.n_padded(), info_.n_threads);
  residual(n, w.attn_post_norm, w.attn_out_bias, &w.ffn_norm, s);
}

// From the queries in s.wide to the operand of the output product in s.a.
void Transformer::attend_heads(int layer, const ForwardBatch& b, KvStore& kv, ForwardScratch& s) const {
  const Config& c = config_;
  const int n = b.n(), hd = c.head_dim, ldc = weights_.layers[layer].qkv.n_padded();
  const AttentionShape shape{c.n_heads / c.n_kv_heads, hd, c.attention_scale, c.attention_soft_cap};
  // Few rows are cut smaller, so that every thread has some.
  const int most = attention_rows(shape), fair = n * c.n_kv_heads / (4 * info_.n_threads);
  const int block = std::clamp(fair, 1, most), n_blocks = (n + block - 1) / block;
  const std::size_t width = static_cast<std::size_t>(shape.group) * hd;  // of a row's queries of one head
  parallel_for(info_.n_threads, static_cast<std::int64_t>(n_blocks) * c.n_kv_heads, [&](std::int64_t task) {
    const int h = static_cast<int>(task / n_blocks), begin = static_cast<int>(task % n_blocks) * block;
    thread_local std::vector<AttentionRow> rows;
    thread_local Buffer<float> scratch;
    rows.clear();
    int longest = 0;
    for (int i = begin; i < std::min(begin + block, n); ++i) {
      const int p = b.positions[i], first = c.local[layer] ? std::max(0, p + 1 - c.window) : 0;
      rows.push_back({.q = s.wide.data() + static_cast<std::size_t>(i) * ldc + h * width,
                      .out = s.attended.data() + static_cast<std::size_t>(i) * c.q_size() + h * width,
                      .lse = nullptr,
                      .runs = {b.runs.data() + b.first_run[i], b.first_run[i + 1] - b.first_run[i]},
                      .first = first});
      longest = std::max(longest, p + 1);
    }
    scratch.grow(attention_scratch(shape, rows.size(), longest));
    attend(shape, {kv.keys(layer, h), kv.values(layer, h)}, rows, scratch.data());
  });
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      to_a(s.attended.data() + i * c.q_size(), c.q_size(), static_cast<int>(i), s);
  });
}

void Transformer::feed_forward(int layer, int n, ForwardScratch& s) const {
  const Config& c = config_;
  const LayerWeights& w = weights_.layers[layer];
  const int ldc = w.gate_up.n_padded();
  w.gate_up.forward(s.a.data(), a_stride(c.n_embd), n, s.wide.data(), ldc, info_.n_threads);
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float* x = s.wide.data() + i * ldc;
      add_bias(x, w.gate_up_bias);
      switch (c.activation) {
        case Activation::kSiluGated:
          silu_mul(x, x + c.n_ff, c.n_ff, x);
          break;
        case Activation::kGeluGated:
          gelu_mul(x, x + c.n_ff, c.n_ff, x);
          break;
        case Activation::kGelu:
          gelu(x, c.n_ff, x);
          break;
      }
      to_a(x, c.n_ff, static_cast<int>(i), s);
    }
  });
  w.down.forward(s.a.data(), a_stride(c.n_ff), n, s.narrow.data(), w.down.n_padded(), info_.n_threads);
  const bool last = layer + 1 == c.n_layers;
  residual(n, w.ffn_post_norm, w.down_bias, last ? nullptr : &weights_.layers[layer + 1].attn_norm, s);
}

void Transformer::forward(const ForwardBatch& b, KvStore& kv, ForwardScratch& s) const {
  const Config& c = config_;
  const int n = b.n(), d = c.n_embd;
  PONDER_CHECK(n > 0 && n <= kMaxRows);
  const std::size_t rows = round_up(n, kRowBlock), half = c.rope_dim / 2;
  const LayerWeights& l = weights_.layers[0];
  s.x.grow(rows * d);
  s.narrow.grow(rows * round_up(d, kPanel));
  s.attended.grow(rows * c.q_size());
  s.wide.grow(rows * std::max(l.qkv.n_padded(), l.gate_up.n_padded()));
  s.a.grow(rows * a_stride(std::max({d, c.q_size(), c.n_ff})) * compute_bytes(kernel_->compute));
  s.cosines.grow(2 * rows * half);
  s.sines.grow(2 * rows * half);
  rope_angles(b, c.rope_global, s.cosines.data(), s.sines.data());
  rope_angles(b, c.rope_local, s.cosines.data() + rows * half, s.sines.data() + rows * half);
  embed(b, s);
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float* y = s.narrow.data() + i * round_up(d, kPanel);
      norm_row(l.attn_norm, s.x.data() + i * d, d, y);
      to_a(y, d, static_cast<int>(i), s);
    }
  });
  for (int layer = 0; layer < c.n_layers; ++layer) {
    attention(layer, b, kv, s);
    feed_forward(layer, n, s);
  }
  parallel_for(info_.n_threads, n, [&](std::int64_t i) {
    float* y = s.narrow.data() + i * round_up(d, kPanel);
    norm_row(weights_.output_norm, s.x.data() + i * d, d, y);
    to_compute(kernel_->compute, y, d, kv.hidden(b.slots[i]));
  });
}

}  // namespace ponder
