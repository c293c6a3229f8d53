// Makes the Weights: expands and packs the tensors of a file.
#include "cpu/weights.h"

namespace ponder {
namespace {

const GemmKernel& router_kernel() { return gemm_kernel(Compute::kF32); }

// The matrix of expert e in a tensor (n_in, n_out, n_experts).
GgufTensor expert_matrix(const GgufTensor& t, std::int64_t e) {
  return t.rows(e * t.shape[1], t.shape[1]);
}

class Loader {
 public:
  Loader(const GgufFile& file, const GemmKernel& kernel, WeightForm weights, int n_threads)
      : file_(file), kernel_(kernel), weights_(weights), n_threads_(n_threads) {}

  NormWeights norm(const NormTensors& t) { return {vector(t.w), vector(t.b)}; }
  Linear linear(const MatrixTensors& m) {
    if (m.parts.empty()) return {};
    std::vector<const GgufTensor*> tensors;
    for (const auto& part : m.parts) tensors.push_back(part.w);
    Linear l(tensors, kernel_, weights_, pages_, n_threads_);
    page_out_copied(tensors);
    return l;
  }
  // One bias for the stacked outputs of all parts: zeros for a part without a bias, and empty if no
  // part has one.
  static std::vector<float> bias(const MatrixTensors& m) {
    std::vector<float> all;
    bool any = false;
    for (const auto& part : m.parts) {
      std::vector<float> b = vector(part.b);
      any |= !b.empty();
      b.resize(part.w->shape[1], 0.f);
      all.insert(all.end(), b.begin(), b.end());
    }
    return any ? all : std::vector<float>();
  }
  ExpertWeights experts(const ExpertTensors& t) {
    ExpertWeights w;
    if (!t.router.w) return w;
    w.router = Linear({t.router.w}, router_kernel(), WeightForm::kPacked, pages_, n_threads_);
    w.router_bias = vector(t.router.b);
    w.gate_bias = vector(t.gate.b);
    w.up_bias = vector(t.up.b);
    w.down_bias = vector(t.down.b);
    std::vector<GgufTensor> all;
    const std::int64_t n = t.gate.w->shape[2];
    for (const auto* part : {&t.gate, &t.up, &t.down})
      for (std::int64_t e = 0; e < n; ++e) all.push_back(expert_matrix(*part->w, e));
    w.matrices = std::make_shared<const std::vector<GgufTensor>>(std::move(all));
    const auto matrix = [&](std::int64_t i) {
      return Linear({&(*w.matrices)[i]}, kernel_, weights_, pages_, n_threads_);
    };
    for (std::int64_t e = 0; e < n; ++e)
      w.experts.push_back({matrix(e), matrix(n + e), matrix(2 * n + e)});
    for (const auto* part : {&t.gate, &t.up, &t.down}) page_out_copied({part->w});
    return w;
  }
  LayerWeights layer(const LayerTensors& t) {
    LayerWeights l;
    l.attn_norm = norm(t.attn_norm);
    l.ffn_norm = norm(t.ffn_norm);
    l.attn_post_norm = norm(t.attn_post_norm);
    l.ffn_post_norm = norm(t.ffn_post_norm);
    l.q_norm = norm(t.q_norm);
    l.k_norm = norm(t.k_norm);
    l.sinks = vector(t.sinks);
    l.experts = experts(t.experts);
    l.qkv = linear(t.qkv);
    l.qkv_bias = bias(t.qkv);
    l.attn_out = linear(t.attn_out);
    l.attn_out_bias = bias(t.attn_out);
    l.gate = linear(t.gate);
    l.gate_bias = bias(t.gate);
    l.up = linear(t.up);
    l.up_bias = bias(t.up);
    l.down = linear(t.down);
    l.down_bias = bias(t.down);
    return l;
  }

 private:
  // Otherwise both the file's pages and the weights made of them would be in memory.
  void page_out_copied(const std::vector<const GgufTensor*>& parts) const {
    if (Linear::bytes(parts, kernel_, weights_) == 0) return;
    for (const GgufTensor* t : parts) file_.page_out(*t);
  }
  static std::vector<float> vector(const GgufTensor* t) {
    if (!t) return {};
    std::vector<float> v(t->n_values);
    dequantize(t->type, t->data, t->n_values, v.data());
    return v;
  }

  const GgufFile& file_;
  const GemmKernel& kernel_;
  WeightForm weights_;
  int n_threads_;
  Pages pages_;
};

}  // namespace

std::int64_t weight_bytes(const GgufFile& file, const GemmKernel& kernel, WeightForm weights) {
  std::int64_t bytes = 0;
  for (const GgufTensor& t : file.tensors()) {
    if (t.shape.size() < 2 || t.name == "position_embd.weight" || t.name.ends_with(".bias") ||
        (t.name == "token_embd.weight" && file.find("output.weight")))
      continue;
    const bool router = t.name.ends_with("ffn_gate_inp.weight");
    const std::int64_t n_experts = t.shape.size() == 3 ? t.shape[2] : 1;
    const GgufTensor matrix = t.shape.size() == 3 ? expert_matrix(t, 0) : t;
    const GgufTensor* const part = &matrix;
    bytes += n_experts * Linear::bytes({&part, 1}, router ? router_kernel() : kernel,
                                       router ? WeightForm::kPacked : weights);
  }
  return bytes;
}

Weights load_weights(const GgufFile& file, const Tensors& t, const GemmKernel& kernel,
                     WeightForm weights, int n_threads) {
  Loader in(file, kernel, weights, n_threads);
  Weights w;
  w.token_embd = t.token_embd;
  w.position_embd = t.position_embd;
  w.output_norm = in.norm(t.output_norm);
  for (const LayerTensors& l : t.layers) w.layers.push_back(in.layer(l));
  w.output = in.linear(t.output);
  w.views = t.views;
  return w;
}

}  // namespace ponder
