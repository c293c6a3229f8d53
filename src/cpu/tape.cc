// Tape: the sizes of its arrays, and the place of each array of each layer.
#include "cpu/tape.h"

#include <algorithm>

namespace ponder {
namespace {

struct Widths {
  std::size_t x, qkv, raw, lse, branch, ff, gate;  // floats per row; 0: not kept
  std::size_t layer() const { return x + qkv + raw + lse + 2 * branch + ff + gate; }
};

Widths widths(const Config& c, Compute compute) {
  const auto padded = [](int n) { return static_cast<std::size_t>(round_up(n, kPanel)); };
  const std::size_t ff = std::max(c.n_experts_used, 1) *
                         (tape_stride(c.n_ff) * compute_bytes(compute) / sizeof(float));
  const bool gated = c.activation != Activation::kGelu;
  return {.x = static_cast<std::size_t>(c.n_embd),
          .qkv = padded(c.q_size() + 2 * c.kv_size()),
          .raw = c.qk_norm ? static_cast<std::size_t>(c.q_size() + c.kv_size()) : 0,
          .lse = static_cast<std::size_t>(c.n_heads),
          .branch = c.post_norm ? padded(c.n_embd) : 0,
          .ff = ff,
          .gate = gated ? ff : 0};
}

}  // namespace

std::int64_t Tape::bytes(const Config& c, Compute compute, int n_rows, bool full) {
  const Widths w = widths(c, compute);
  const std::size_t layers = full ? c.n_layers : 1;
  return static_cast<std::int64_t>(sizeof(float) * round_up(n_rows, kRowBlock) *
                                   ((c.n_layers + 1) * w.x + layers * w.layer()));
}

void Tape::prepare(const Config& c, Compute compute, int n_rows, bool full) {
  const Widths w = widths(c, compute);
  const std::size_t rows = round_up(n_rows, kRowBlock);
  n_layers_ = c.n_layers;
  full_ = full;
  x_ = rows * w.x;
  qkv_ = rows * w.qkv;
  raw_ = rows * w.raw;
  lse_ = rows * w.lse;
  branch_ = rows * w.branch;
  ff_ = rows * w.ff;
  gate_ = rows * w.gate;
  stream_.grow((c.n_layers + 1) * x_);
  layers_.grow((full ? c.n_layers : 1) * rows * w.layer());
}

LayerState Tape::layer(int i) {
  LayerState s;
  s.x = stream_.data() + i * x_;
  if (i == n_layers_) return s;
  s.next = s.x + x_;
  float* at =
      layers_.data() + (full_ ? i : 0) * (x_ + qkv_ + raw_ + lse_ + 2 * branch_ + ff_ + gate_);
  const auto take = [&at](std::size_t n) {
    float* here = n ? at : nullptr;
    at += n;
    return here;
  };
  s.mid = take(x_);
  s.qkv = take(qkv_);
  s.raw = take(raw_);
  s.lse = take(lse_);
  s.attn = take(branch_);
  s.ffn = take(branch_);
  s.gate = reinterpret_cast<std::byte*>(take(gate_));
  s.up = reinterpret_cast<std::byte*>(take(ff_));
  return s;
}

}  // namespace ponder
