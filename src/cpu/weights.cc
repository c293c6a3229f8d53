// Makes the Weights: expands and packs the tensors of a file.
#include "cpu/weights.h"

namespace ponder {
namespace {

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
    // Otherwise both the file's pages and these weights would be in memory.
    if (Linear::bytes(tensors, kernel_, weights_) > 0)
      for (const GgufTensor* t : tensors) file_.page_out(*t);
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
  LayerWeights layer(const LayerTensors& t) {
    LayerWeights l;
    l.attn_norm = norm(t.attn_norm);
    l.ffn_norm = norm(t.ffn_norm);
    l.attn_post_norm = norm(t.attn_post_norm);
    l.ffn_post_norm = norm(t.ffn_post_norm);
    l.q_norm = norm(t.q_norm);
    l.k_norm = norm(t.k_norm);
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
    if (t.shape.size() != 2 || t.name == "position_embd.weight" ||
        (t.name == "token_embd.weight" && file.find("output.weight")))
      continue;
    const GgufTensor* const part = &t;
    bytes += Linear::bytes({&part, 1}, kernel, weights);
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
