// Attention in the forward pass: queries, keys and values with their norms and rotary positions,
// the product with the keys and values of each row's path, and the output product. Not the
// arithmetic of one head (ops/attention.h).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/parallel.h"
#include "cpu/transformer.h"
#include "ops/rope.h"
#include "ops/vector.h"

namespace ponder {

void Transformer::rope_angles(const ForwardBatch& b, const RopeTable& t, float* cosines,
                              float* sines) const {
  const std::size_t half = t.inverse.size();
  parallel_for(info_.n_threads, b.n(), [&](std::int64_t i) {
    for (std::size_t k = 0; k < half; ++k) {
      const float angle = static_cast<float>(b.positions[i]) * t.inverse[k];
      cosines[i * half + k] = std::cos(angle) * t.scale;
      sines[i * half + k] = std::sin(angle) * t.scale;
    }
  });
}

// Computes queries, keys and values from the operand in s.a, and stores keys and values in their
// slots.
void Transformer::project(int layer, const ForwardBatch& b, KvStore& kv, const LayerState& st,
                          ForwardScratch& s) const {
  const Config& c = config_;
  const LayerWeights& w = weights_.layers[layer];
  const int n = b.n(), hd = c.head_dim, ldc = w.qkv.n_padded(), half = c.rope_dim / 2,
            qk = c.q_size() + c.kv_size();
  w.qkv.forward(s.a.data(), a_stride(c.n_embd), n, st.qkv, ldc, info_.n_threads);
  // Local layers use the second half of the angle tables.
  const std::size_t angles =
      c.local[layer] ? static_cast<std::size_t>(round_up(n, kRowBlock)) * half : 0;
  const auto rotate = [&](float* heads, int n_heads, std::int64_t row) {
    if (!c.rotates(layer)) return;
    const float *cosines = s.cosines.data() + angles + row * half,
                *sines = s.sines.data() + angles + row * half;
    for (int h = 0; h < n_heads; ++h)
      (c.rope == Rope::kInterleaved ? rope_interleaved : rope_halves)(heads + h * hd, cosines,
                                                                      sines, c.rope_dim);
  };
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float* q = st.qkv + i * ldc;
      add_bias(q, w.qkv_bias);
      if (st.raw) std::copy_n(q, qk, st.raw + i * qk);
      float *k = q + c.q_size(), *v = k + c.kv_size();
      if (c.qk_norm) {
        norm_pieces(w.q_norm, q, c.q_size());
        norm_pieces(w.k_norm, k, c.kv_size());
      }
      rotate(q, c.n_heads, i);
      rotate(k, c.n_kv_heads, i);
      scale_queries(b.positions[i], q);
      for (int h = 0; h < c.n_kv_heads; ++h) kv.store(layer, h, b.slots[i], k + h * hd, v + h * hd);
    }
  });
}

// Multiplies the queries of a row, or their derivative, by the factor of their position.
void Transformer::scale_queries(int position, float* q) const {
  const float factor = config_.query_factor(position);
  if (factor == 1) return;
  for (int i = 0; i < config_.q_size(); ++i) q[i] *= factor;
}

void Transformer::attention(int layer, const ForwardBatch& b, KvStore& kv, const LayerState& st,
                            ForwardScratch& s) const {
  const LayerWeights& w = weights_.layers[layer];
  attend_heads(layer, b, kv, st, s);
  w.attn_out.forward(s.a.data(), a_stride(config_.q_size()), b.n(), st.attn, w.attn_out.n_padded(),
                     info_.n_threads);
  // A mixture of experts takes its input in float32 (router_input()).
  residual(b.n(), st.x, st.attn, w.attn_post_norm, w.attn_out_bias, st.mid,
           config_.n_experts > 0 ? nullptr : &w.ffn_norm, s);
}

AttentionShape Transformer::attention_shape() const {
  const Config& c = config_;
  return {c.n_heads / c.n_kv_heads, c.head_dim, c.attention_scale, c.attention_soft_cap};
}

// Attends with the queries, and writes the operand of the output product to s.a.
void Transformer::attend_heads(int layer, const ForwardBatch& b, KvStore& kv, const LayerState& st,
                               ForwardScratch& s) const {
  const Config& c = config_;
  const AttentionShape shape = attention_shape();
  const int n = b.n(), ldc = weights_.layers[layer].qkv.n_padded(),
            width = shape.group * c.head_dim;
  const std::size_t size = compute_bytes(kernel_->compute);
  // A small number of rows is cut into smaller blocks, so that every thread has some.
  const int most = attention_rows(shape), fair = (2 * info_.n_threads - 1) / c.n_kv_heads + 1;
  const std::int64_t n_blocks = std::max((n - 1) / most + 1, std::min(n, fair));
  parallel_for(info_.n_threads, n_blocks * c.n_kv_heads, [&](std::int64_t task) {
    const std::int64_t h = task / n_blocks, block = task % n_blocks;
    thread_local std::vector<AttentionRow> rows;
    thread_local AttentionRoom room;
    AttentionShape of_head = shape;
    if (c.attention_sinks) of_head.sinks = weights_.layers[layer].sinks.data() + h * shape.group;
    rows.clear();
    for (std::int64_t i = n * block / n_blocks; i < n * (block + 1) / n_blocks; ++i) {
      std::byte* out = row_of(s.a, i, c.q_size());
      rows.push_back({.q = st.qkv + i * ldc + h * width,
                      .out = out + h * width * size,
                      .lse = st.lse ? st.lse + i * c.n_heads + h * shape.group : nullptr,
                      .runs = b.path(i),
                      .first = c.first_key(layer, b.positions[i])});
      if (h == 0)
        std::memset(out + c.q_size() * size, 0,
                    (round_up(c.q_size(), kKBlock) - c.q_size()) * size);
    }
    attend(*kernel_, of_head, kv.head(layer, static_cast<int>(h)), rows, room);
  });
}

}  // namespace ponder
