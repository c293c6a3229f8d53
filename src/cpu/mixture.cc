// A Transformer's layers with a mixture of experts: what enters the mixture, and where its results
// go. Not the mixture itself (experts.h).
#include "base/parallel.h"
#include "cpu/transformer.h"
#include "ops/vector.h"

namespace ponder {

ExpertLayer Transformer::expert_layer(int layer) const {
  return {config_, weights_.layers[layer].experts, *kernel_, info_.n_threads};
}

// Writes the rows that enter the mixture of experts, in float32, to s.experts.x.
void Transformer::router_input(int layer, int n, const LayerState& st, ForwardScratch& s) const {
  const int d = config_.n_embd;
  s.experts.x.grow(static_cast<std::size_t>(round_up(n, kRowBlock)) * a_stride(d));
  parallel_ranges(info_.n_threads, n, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> row;
    row.resize(d);
    for (std::int64_t i = begin; i < end; ++i) {
      norm_row(weights_.layers[layer].ffn_norm, st.mid + i * d, d, row.data());
      to_compute(Compute::kF32, row.data(), d, s.experts.x.data() + i * a_stride(d));
    }
  });
}

void Transformer::mixture(int layer, int n, const LayerState& st, ForwardScratch& s) const {
  router_input(layer, n, st, s);
  expert_layer(layer).forward(n, st.gate, st.up, st.ffn, s.experts);
}

// Carries the gradient at the branch (in s.a) back to what entered it (to s.narrow).
void Transformer::mixture_vjp(int layer, int n, const LayerState& st, ForwardScratch& s) const {
  router_input(layer, n, st, s);
  transposed();
  ExpertTransposed* kept = transposed_.experts.get();
  if (kept) kept += std::ptrdiff_t{layer} * config_.n_experts;
  expert_layer(layer).vjp(n, s.a.data(), st.gate, st.up, kept, s.narrow.data(), s.experts);
}

}  // namespace ponder
