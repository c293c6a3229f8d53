// The derivative of the forward pass, layer by layer from the last. Each matrix product becomes a
// product with the transposed weights, each row operation has its own vjp (ops/). Weights, and the
// keys and values of the prompt, are constants, so a backward pass costs one forward pass.
#include <algorithm>

#include "base/check.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cpu/gates.h"
#include "cpu/transformer.h"
#include "ops/attention_vjp.h"
#include "ops/norm.h"
#include "ops/rope.h"
#include "ops/vector.h"

namespace ponder {

Transformer::LayerTransposed Transformer::transpose_layer(int layer, Pages& pages) const {
  const LayerWeights& w = weights_.layers[layer];
  const auto transposed_of = [&](std::initializer_list<const Linear*> parts) {
    std::vector<Linear::Outputs> all;
    for (const Linear* p : parts)
      if (p->n_out() > 0) all.push_back({p, 0, p->n_out()});
    return all.empty() ? Linear() : Linear::transposed(all, pages, info_.n_threads);
  };
  return {transposed_of({&w.qkv}), transposed_of({&w.attn_out}), transposed_of({&w.gate, &w.up}),
          transposed_of({&w.down})};
}

Linear Transformer::transpose_vocab(int block, Pages& pages, int n_threads) const {
  const int begin = block * kVocabBlock;
  const Linear::Outputs part{&weights_.output, begin,
                             std::min(begin + kVocabBlock, config_.n_vocab)};
  return Linear::transposed({&part, 1}, pages, n_threads);
}

const Transformer::Transposed& Transformer::transposed() const {
  std::call_once(transpose_once_, [this] {
    // Lean weights were chosen to leave memory free, so their transposes take half of it at most.
    constexpr std::int64_t kSlack = 256ll << 20;
    const Config& c = config_;
    const std::int64_t n_experts = std::int64_t{c.n_layers} * c.n_experts,
                       of_experts = 3 * n_experts * c.n_embd * c.n_ff,
                       size = static_cast<std::int64_t>(compute_bytes(kernel_->compute)),
                       free = available_memory() - kSlack,
                       most = info_.weights == WeightForm::kLean ? free / 2 : free;
    if (info_.weights == WeightForm::kQuantised || (info_.n_parameters - of_experts) * size > most)
      return;
    if (n_experts > 0 && info_.n_parameters * size <= most)
      transposed_.experts = std::make_unique<ExpertTransposed[]>(n_experts);
    Pages pages;
    for (int i = 0; i < c.n_layers; ++i) transposed_.layers.push_back(transpose_layer(i, pages));
    for (int b = 0; b * kVocabBlock < c.n_vocab; ++b)
      transposed_.vocab.push_back(transpose_vocab(b, pages, info_.n_threads));
  });
  return transposed_;
}

const Transformer::LayerTransposed& Transformer::layer_transposed(int layer,
                                                                  LayerTransposed& buffer) const {
  if (!transposed().layers.empty()) return transposed_.layers[layer];
  Pages pages;
  return buffer = transpose_layer(layer, pages);
}

const Linear& Transformer::vocab_transposed(int block, Linear& buffer) const {
  if (!transposed().vocab.empty()) return transposed_.vocab[block];
  Pages pages;
  return buffer = transpose_vocab(block, pages, 1);
}

void Transformer::norm_vjp(const NormWeights& norm, const float* x, int n, const float* dout,
                           float* dx) const {
  if (norm.w.empty()) {
    add(dx, dout, n);
  } else if (config_.norm == Norm::kRms) {
    rms_norm_vjp(x, norm.w.data(), n, config_.norm_eps, dout, dx);
  } else {
    layer_norm_vjp(x, norm.w.data(), n, config_.norm_eps, dout, dx);
  }
}

// Carries the gradient g (n) after the norms of x's pieces back to x, in place.
void Transformer::norm_pieces_vjp(const NormWeights& norm, const float* x, int n, float* g) const {
  const int width = static_cast<int>(norm.w.size());
  thread_local std::vector<float> piece;
  for (int at = 0; at < n; at += width) {
    piece.assign(width, 0.f);
    norm_vjp(norm, x + at, width, g + at, piece.data());
    std::copy_n(piece.data(), width, g + at);
  }
}

// Writes to s.a the gradient at a branch: dx carried back through the factor and the norm of the
// branch, as the operand of the next product.
void Transformer::branch_vjp(int n, const NormWeights& post, const float* branch, const float* dx,
                             ForwardScratch& s) const {
  const int d = config_.n_embd, stride = round_up(d, kPanel);
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> scaled, row;
    for (std::int64_t i = begin; i < end; ++i) {
      const float* g = dx + i * d;
      if (config_.residual_scale != 1) {
        scaled.assign(d, 0.f);
        add(scaled.data(), config_.residual_scale, g, d);
        g = scaled.data();
      }
      if (!post.w.empty()) {
        row.assign(d, 0.f);
        norm_vjp(post, branch + i * stride, d, g, row.data());
        g = row.data();
      }
      to_compute(kernel_->compute, g, d, row_of(s.a, i, d));
    }
  });
}

// Carries the gradient at the branch (in s.a) back to what entered it (to s.narrow).
void Transformer::dense_vjp(const LayerTransposed& t, int layer, int n, const LayerState& st,
                            ForwardScratch& s) const {
  const Config& c = config_;
  const int d = c.n_embd, ld_ff = weights_.layers[layer].up.n_padded(), inner = t.gate_up.n_in();
  t.down.forward(s.a.data(), a_stride(d), n, s.wide.data(), ld_ff, info_.n_threads);
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> row, gate, up;
    row.assign(inner, 0.f);  // padding stays zero
    gate.resize(c.n_ff);
    up.resize(c.n_ff);
    for (std::int64_t i = begin; i < end; ++i) {
      const float* g = s.wide.data() + i * ld_ff;
      const std::size_t at = i * tape_stride(c.n_ff) * compute_bytes(kernel_->compute);
      expand(kernel_->compute, st.up + at, c.n_ff, up.data());
      if (st.gate) expand(kernel_->compute, st.gate + at, c.n_ff, gate.data());
      if (c.activation == Activation::kGelu)
        gelu_vjp(up.data(), c.n_ff, g, row.data());
      else
        gate_of(c.activation)
            .vjp(gate.data(), up.data(), c.n_ff, g, row.data(), row.data() + ld_ff);
      convert(kernel_->compute, row.data(), inner, row_of(s.a_ff, i, inner));
    }
  });
  t.gate_up.forward(s.a_ff.data(), a_stride(inner), n, s.narrow.data(), t.gate_up.n_padded(),
                    info_.n_threads);
}

void Transformer::feed_forward_vjp(const LayerTransposed& t, int layer, int n, const LayerState& st,
                                   ForwardScratch& s, float* dx) const {
  const LayerWeights& w = weights_.layers[layer];
  const int d = config_.n_embd, ld = round_up(d, kPanel);
  branch_vjp(n, w.ffn_post_norm, st.ffn, dx, s);
  if (config_.n_experts > 0) {
    mixture_vjp(layer, n, st, s);
  } else {
    dense_vjp(t, layer, n, st, s);
  }
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      norm_vjp(w.ffn_norm, st.mid + i * d, d, s.narrow.data() + i * ld, dx + i * d);
  });
}

// Carries d/d heads (in s.narrow) back to d/d (q, k, v) after norms and rotary positions (in
// s.wide).
void Transformer::heads_vjp(int layer, const ForwardBatch& b, std::span<const int> first_rows,
                            KvStore& kv, const LayerState& st, ForwardScratch& s) const {
  const Config& c = config_;
  const int hd = c.head_dim, ldc = weights_.layers[layer].qkv.n_padded(),
            ld_heads = round_up(c.q_size(), kPanel);
  const AttentionShape shape = attention_shape();
  const std::ptrdiff_t width = static_cast<std::ptrdiff_t>(shape.group) * hd;
  const auto n_replies = static_cast<std::int64_t>(first_rows.size()) - 1;
  parallel_for(info_.n_threads, n_replies * c.n_kv_heads, [&](std::int64_t task) {
    const int h = static_cast<int>(task / n_replies);
    const std::int64_t begin = first_rows[task % n_replies], end = first_rows[task % n_replies + 1];
    if (begin == end) return;
    thread_local std::vector<AttentionVjpRow> rows;
    thread_local AttentionVjpRoom room;
    rows.clear();
    for (std::int64_t i = begin; i < end; ++i) {
      float* to = s.wide.data() + i * ldc;
      rows.push_back({.q = st.qkv + i * ldc + h * width,
                      .lse = st.lse + i * c.n_heads + h * shape.group,
                      .dout = s.narrow.data() + i * ld_heads + h * width,
                      .dq = to + h * width,
                      .dk = to + c.q_size() + h * hd,
                      .dv = to + c.q_size() + c.kv_size() + h * hd,
                      .runs = b.path(i),
                      .first = c.first_key(layer, b.positions[i])});
    }
    attend_vjp(*kernel_, shape, kv.head(layer, h), rows, room);
  });
}

void Transformer::attention_vjp(const LayerTransposed& t, int layer, const ForwardBatch& b,
                                std::span<const int> first_rows, KvStore& kv, const LayerState& st,
                                ForwardScratch& s, float* dx) const {
  const Config& c = config_;
  const LayerWeights& w = weights_.layers[layer];
  const int n = b.n(), d = c.n_embd, hd = c.head_dim, half = c.rope_dim / 2, ldc = w.qkv.n_padded();
  const int qk = c.q_size() + c.kv_size();
  branch_vjp(n, w.attn_post_norm, st.attn, dx, s);
  t.attn_out.forward(s.a.data(), a_stride(d), n, s.narrow.data(), t.attn_out.n_padded(),
                     info_.n_threads);
  heads_vjp(layer, b, first_rows, kv, st, s);
  const std::size_t angles =
      c.local[layer] ? static_cast<std::size_t>(round_up(n, kRowBlock)) * half : 0;
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> back;
    back.resize(half);
    for (std::int64_t i = begin; i < end; ++i) {
      float* g = s.wide.data() + i * ldc;
      const float *cosines = s.cosines.data() + angles + i * half,
                  *sines = s.sines.data() + angles + i * half;
      std::transform(sines, sines + half, back.begin(), std::negate<>());
      scale_queries(b.positions[i], g);
      for (int at = 0; at < qk && c.rotates(layer); at += hd)
        (c.rope == Rope::kInterleaved ? rope_interleaved : rope_halves)(g + at, cosines,
                                                                        back.data(), c.rope_dim);
      if (c.qk_norm) {
        norm_pieces_vjp(w.q_norm, st.raw + i * qk, c.q_size(), g);
        norm_pieces_vjp(w.k_norm, st.raw + i * qk + c.q_size(), c.kv_size(), g + c.q_size());
      }
      to_compute(kernel_->compute, g, qk + c.kv_size(), row_of(s.a, i, ldc));
    }
  });
  t.qkv.forward(s.a.data(), a_stride(ldc), n, s.narrow.data(), t.qkv.n_padded(), info_.n_threads);
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      norm_vjp(w.attn_norm, st.x + i * d, d, s.narrow.data() + i * t.qkv.n_padded(), dx + i * d);
  });
}

void Transformer::backward(const ForwardBatch& b, std::span<const int> first_rows, KvStore& kv,
                           Tape& tape, ForwardScratch& s, float* dx) const {
  const Config& c = config_;
  const int n = b.n(), d = c.n_embd;
  PONDER_CHECK(first_rows.size() > 1 && first_rows.back() == n);
  prepare(b, s);
  parallel_for(info_.n_threads, n, [&](std::int64_t i) {
    const std::vector<float> g(dx + i * d, dx + (i + 1) * d);
    std::fill_n(dx + i * d, d, 0.f);
    norm_vjp(weights_.output_norm, tape.output() + i * d, d, g.data(), dx + i * d);
  });
  for (int layer = c.n_layers; layer-- > 0;) {
    const LayerState st = layer_state(layer, s, &tape);
    if (!tape.full()) {
      enter_layer(layer, n, st, s);
      project(layer, b, kv, st, s);
      attention(layer, b, kv, st, s);
      feed_forward(layer, n, st, s);
    }
    LayerTransposed buffer;
    const LayerTransposed& t = layer_transposed(layer, buffer);
    feed_forward_vjp(t, layer, n, st, s, dx);
    attention_vjp(t, layer, b, first_rows, kv, st, s, dx);
  }
}

}  // namespace ponder
