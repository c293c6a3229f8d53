// The names and shapes of all tensors, and the check that the file has no others.
#include "model/tensors.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace ponder {
namespace {

std::string shape_text(const std::vector<std::int64_t>& s) {
  std::string t = "(";
  for (std::size_t i = 0; i < s.size(); ++i) t += (i ? ", " : "") + std::to_string(s[i]);
  return t + ")";
}

// Looks up tensors. Keeps the first error and skips all look-ups after it.
class Finder {
 public:
  using Names = std::vector<std::pair<std::string, std::int64_t>>;  // name, and number of outputs

  explicit Finder(const GgufFile& file) : file_(file) {}

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
  NormTensors norm(const std::string& name, const Config& c, std::int64_t n, bool present) {
    if (!present) return {};
    const GgufTensor* w = tensor(name + ".weight", {n});
    return {w, tensor(name + ".bias", {n}, c.norm == Norm::kLayer)};
  }
  MatrixTensors matrix(const Names& names, std::int64_t n_in, bool biases) {
    MatrixTensors m;
    for (const auto& [name, n_out] : names)
      m.parts.push_back({tensor(name + ".weight", {n_in, n_out}), nullptr});
    for (std::size_t i = 0; i < names.size(); ++i)
      m.parts[i].b = tensor(names[i].first + ".bias", {names[i].second}, biases);
    return m;
  }
  // The matrix `name` holds the outputs of two matrices, one after the other: the first or the
  // second n_out of them.
  MatrixTensors half(const std::string& name, std::int64_t n_in, std::int64_t n_out, bool second) {
    const GgufTensor* whole = tensor(name + ".weight", {n_in, 2 * n_out});
    if (!whole) return {{{nullptr, nullptr}}};
    views_.push_back(std::make_shared<const GgufTensor>(whole->rows(second ? n_out : 0, n_out)));
    return {{{views_.back().get(), nullptr}}};
  }
  // The matrices of all experts are one tensor.
  MatrixTensors::Part experts(const std::string& name, std::int64_t n_in, std::int64_t n_out,
                              const Config& c) {
    const std::int64_t n = c.n_experts;
    return {tensor(name + ".weight", {n_in, n_out, n}),
            tensor(name + ".bias", {n_out, n}, c.biases == Biases::kAll)};
  }
  // A tensor that no look-up asked for means that the file describes another computation than ours.
  void check_all_used(const Config& c) {
    for (const GgufTensor& t : file_.tensors()) {
      if (!status_.ok() || used_.contains(t.name) ||
          std::find(c.rope_tensors.begin(), c.rope_tensors.end(), t.name) != c.rope_tensors.end())
        continue;
      status_ = Error{Code::kUnsupported,
                      "only tensors that ponder uses in a model of architecture " + c.architecture,
                      "tensor " + t.name, file_.path(),
                      "docs/howto-add-architecture.md tells how to add what it is for"};
    }
  }
  const Status& status() const { return status_; }
  const std::vector<std::shared_ptr<const GgufTensor>>& views() const { return views_; }

 private:
  const GgufFile& file_;
  std::set<std::string> used_;
  std::vector<std::shared_ptr<const GgufTensor>> views_;
  Status status_;
};

ExpertTensors find_experts(Finder& in, const Config& c, const std::string& p) {
  ExpertTensors e;
  e.router = {in.tensor(p + "ffn_gate_inp.weight", {c.n_embd, c.n_experts}),
              in.tensor(p + "ffn_gate_inp.bias", {c.n_experts}, c.biases == Biases::kAll)};
  e.gate = in.experts(p + "ffn_gate_exps", c.n_embd, c.n_ff, c);
  e.up = in.experts(p + "ffn_up_exps", c.n_embd, c.n_ff, c);
  e.down = in.experts(p + "ffn_down_exps", c.n_ff, c.n_embd, c);
  return e;
}

LayerTensors find_layer(Finder& in, const GgufFile& file, const Config& c, int i) {
  const std::string p = "blk." + std::to_string(i) + ".";
  LayerTensors l;
  l.attn_norm = in.norm(p + "attn_norm", c, c.n_embd, c.pre_norm);
  l.ffn_norm = in.norm(p + c.ffn_norm, c, c.n_embd, c.pre_norm);
  l.attn_post_norm = in.norm(p + "post_attention_norm", c, c.n_embd, c.post_norm);
  l.ffn_post_norm = in.norm(p + "post_ffw_norm", c, c.n_embd, c.post_norm);
  const bool all = c.qk_norm_of_all;
  l.q_norm = in.norm(p + "attn_q_norm", c, all ? c.q_size() : c.head_dim, c.qk_norm);
  l.k_norm = in.norm(p + "attn_k_norm", c, all ? c.kv_size() : c.head_dim, c.qk_norm);
  Finder::Names qkv{{p + "attn_qkv", c.q_size() + 2 * c.kv_size()}};
  if (!file.find(p + "attn_qkv.weight"))
    qkv = {{p + "attn_q", c.q_size()}, {p + "attn_k", c.kv_size()}, {p + "attn_v", c.kv_size()}};
  const bool biases = c.biases == Biases::kAll;
  l.qkv = in.matrix(qkv, c.n_embd, c.biases != Biases::kOptional);
  l.attn_out = in.matrix({{p + "attn_output", c.n_embd}}, c.q_size(), biases);
  if (c.attention_sinks) l.sinks = in.tensor(p + "attn_sinks.weight", {c.n_heads});
  if (c.n_experts > 0) {
    l.experts = find_experts(in, c, p);
    return l;
  }
  const bool gated = c.activation != Activation::kGelu;
  const GgufTensor* up = file.find(p + "ffn_up.weight");
  if (gated && up && up->shape == std::vector<std::int64_t>{c.n_embd, 2ll * c.n_ff}) {
    l.gate = in.half(p + "ffn_up", c.n_embd, c.n_ff, false);
    l.up = in.half(p + "ffn_up", c.n_embd, c.n_ff, true);
  } else {
    if (gated) l.gate = in.matrix({{p + "ffn_gate", c.n_ff}}, c.n_embd, biases);
    l.up = in.matrix({{p + "ffn_up", c.n_ff}}, c.n_embd, biases);
  }
  l.down = in.matrix({{p + "ffn_down", c.n_embd}}, c.n_ff, biases);
  return l;
}

}  // namespace

Result<Tensors> find_tensors(const GgufFile& file, const Config& c) {
  Finder in(file);
  Tensors t;
  t.token_embd = in.tensor("token_embd.weight", {c.n_embd, c.n_vocab});
  if (c.learned_positions) t.position_embd = in.tensor("position_embd.weight", {c.n_embd, c.n_ctx});
  t.output_norm = in.norm("output_norm", c, c.n_embd, true);
  for (int i = 0; i < c.n_layers && in.status().ok(); ++i)
    t.layers.push_back(find_layer(in, file, c, i));
  const std::string output = file.find("output.weight") ? "output" : "token_embd";
  t.output.parts.push_back({in.tensor(output + ".weight", {c.n_embd, c.n_vocab}), nullptr});
  in.check_all_used(c);
  if (!in.status().ok()) return in.status().error();
  t.views = in.views();
  return t;
}

}  // namespace ponder
