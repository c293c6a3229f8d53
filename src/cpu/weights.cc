// Finding, checking and packing of tensors.
#include "cpu/weights.h"

#include <set>
#include <string>

namespace ponder {
namespace {

std::string shape_text(const std::vector<std::int64_t>& s) {
  std::string t = "(";
  for (std::size_t i = 0; i < s.size(); ++i) t += (i ? ", " : "") + std::to_string(s[i]);
  return t + ")";
}

// Looks tensors up; the first error is kept and everything after it is skipped.
class Loader {
 public:
  /// kernel nullptr: tensors are looked up and checked, nothing is read.
  Loader(const GgufFile& file, const GemmKernel* kernel, bool packed, int n_threads)
      : file_(file), kernel_(kernel), packed_(packed), n_threads_(n_threads) {}

  const GgufTensor* tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                           bool required = true) {
    const GgufTensor* t = file_.find(name);
    used_.insert(name);
    if (!t && !required) return nullptr;
    if (!status_.ok()) return nullptr;
    if (!t || t->shape != shape) {
      status_ = Error{Code::kInvalid, "tensor " + name + " of shape " + shape_text(shape),
                      t ? shape_text(t->shape) : "no such tensor", file_.path(),
                      "the file is incomplete or not of the architecture it names"};
      return nullptr;
    }
    return t;
  }
  std::vector<float> vector(const std::string& name, std::int64_t n, bool required) {
    const GgufTensor* t = tensor(name, {n}, required);
    if (!t || !kernel_) return {};
    std::vector<float> v(n);
    dequantize(t->type, t->data, n, v.data());
    return v;
  }
  NormWeights norm(const std::string& name, const Config& c, std::int64_t n, bool present) {
    if (!present) return {};
    return {vector(name + ".weight", n, true), vector(name + ".bias", n, c.norm == Norm::kLayer)};
  }
  Linear linear(const std::vector<std::pair<std::string, std::int64_t>>& parts, std::int64_t n_in) {
    std::vector<const GgufTensor*> tensors;
    for (const auto& [name, n_out] : parts)
      tensors.push_back(tensor(name + ".weight", {n_in, n_out}));
    if (!status_.ok() || !kernel_) return {};
    Linear l(tensors, *kernel_, packed_ ? &pages_ : nullptr, n_threads_);
    if (packed_)
      for (const GgufTensor* t : tensors)
        file_.page_out(*t);  // else a model would be in memory twice
    return l;
  }
  // One bias for stacked outputs; parts without one are zero, none at all is empty.
  std::vector<float> bias(const std::vector<std::pair<std::string, std::int64_t>>& parts,
                          bool required) {
    std::vector<float> all;
    bool any = false;
    for (const auto& [name, n] : parts) {
      std::vector<float> b = vector(name + ".bias", n, required);
      any |= !b.empty();
      b.resize(n, 0.f);
      all.insert(all.end(), b.begin(), b.end());
    }
    return any ? all : std::vector<float>();
  }
  // A tensor that nothing asked for means that the file computes something else than we would.
  void check_all_used(const Config& c) {
    for (const GgufTensor& t : file_.tensors()) {
      if (!status_.ok() || used_.contains(t.name) || t.name == "rope_freqs.weight") continue;
      status_ = Error{Code::kUnsupported,
                      "only tensors that ponder uses in a model of architecture " + c.architecture,
                      "tensor " + t.name, file_.path(),
                      "docs/howto-add-architecture.md tells how to add what it is for"};
    }
  }
  const Status& status() const { return status_; }

 private:
  const GgufFile& file_;
  const GemmKernel* kernel_;
  bool packed_;
  int n_threads_;
  Pages pages_;
  std::set<std::string> used_;
  Status status_;
};

LayerWeights load_layer(Loader& in, const GgufFile& file, const Config& c, int i) {
  const std::string p = "blk." + std::to_string(i) + ".";
  LayerWeights l;
  l.attn_norm = in.norm(p + "attn_norm", c, c.n_embd, true);
  l.ffn_norm = in.norm(p + "ffn_norm", c, c.n_embd, true);
  l.attn_post_norm = in.norm(p + "post_attention_norm", c, c.n_embd, c.post_norm);
  l.ffn_post_norm = in.norm(p + "post_ffw_norm", c, c.n_embd, c.post_norm);
  l.q_norm = in.norm(p + "attn_q_norm", c, c.head_dim, c.qk_norm);
  l.k_norm = in.norm(p + "attn_k_norm", c, c.head_dim, c.qk_norm);
  std::vector<std::pair<std::string, std::int64_t>> qkv{
      {p + "attn_qkv", c.q_size() + 2 * c.kv_size()}};
  if (!file.find(p + "attn_qkv.weight"))
    qkv = {{p + "attn_q", c.q_size()}, {p + "attn_k", c.kv_size()}, {p + "attn_v", c.kv_size()}};
  const bool biases = c.biases == Biases::kAll;
  l.qkv = in.linear(qkv, c.n_embd);
  l.qkv_bias = in.bias(qkv, c.biases != Biases::kOptional);
  l.attn_out = in.linear({{p + "attn_output", c.n_embd}}, c.q_size());
  l.attn_out_bias = in.bias({{p + "attn_output", c.n_embd}}, biases);
  if (c.activation != Activation::kGelu) {
    l.gate = in.linear({{p + "ffn_gate", c.n_ff}}, c.n_embd);
    l.gate_bias = in.bias({{p + "ffn_gate", c.n_ff}}, biases);
  }
  l.up = in.linear({{p + "ffn_up", c.n_ff}}, c.n_embd);
  l.up_bias = in.bias({{p + "ffn_up", c.n_ff}}, biases);
  l.down = in.linear({{p + "ffn_down", c.n_embd}}, c.n_ff);
  l.down_bias = in.bias({{p + "ffn_down", c.n_embd}}, biases);
  return l;
}

Result<Weights> load(Loader in, const GgufFile& file, const Config& c) {
  Weights w;
  w.token_embd = in.tensor("token_embd.weight", {c.n_embd, c.n_vocab});
  if (c.learned_positions) w.position_embd = in.tensor("position_embd.weight", {c.n_embd, c.n_ctx});
  w.output_norm = in.norm("output_norm", c, c.n_embd, true);
  for (int i = 0; i < c.n_layers && in.status().ok(); ++i)
    w.layers.push_back(load_layer(in, file, c, i));
  const bool tied = !file.find("output.weight");
  w.output = in.linear({{tied ? "token_embd" : "output", c.n_vocab}}, c.n_embd);
  in.check_all_used(c);
  if (!in.status().ok()) return in.status().error();
  return w;
}

}  // namespace

std::int64_t packed_bytes(const GgufFile& file, const GemmKernel& kernel) {
  std::int64_t bytes = 0;
  for (const GgufTensor& t : file.tensors()) {
    if (t.shape.size() != 2 || t.name == "position_embd.weight" ||
        (t.name == "token_embd.weight" && file.find("output.weight")))
      continue;
    const std::int64_t n_panels = (t.shape[1] + kPanel - 1) / kPanel;
    const int n_in = static_cast<int>(t.shape[0]);
    const GgufTensor* const part = &t;
    const auto form = kernel.run_compact ? compact_form({&part, 1}) : std::nullopt;
    bytes += n_panels * static_cast<std::int64_t>(panel_bytes(kernel.compute, n_in) +
                                                  (form ? form->panel_bytes(n_in) : 0));
  }
  return bytes;
}

Status check_weights(const GgufFile& file, const Config& c) {
  return load(Loader(file, nullptr, false, 1), file, c).status();
}

Result<Weights> load_weights(const GgufFile& file, const Config& c, const GemmKernel& kernel,
                             bool packed, int n_threads) {
  return load(Loader(file, &kernel, packed, n_threads), file, c);
}

}  // namespace ponder
