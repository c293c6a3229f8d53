// Reference: the whole forward pass in plain scalar code for any number type. Tests and `ponder
// grad --check` compare the engine and its derivative with it. It keeps every weight as a double,
// so it is for small models. Shares no code with the engine except the reader of the file.
#pragma once

#include <algorithm>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/reference_ops.h"
#include "ponder/model/gguf.h"
#include "ponder/model/tokenizer.h"

namespace ponder {

class Reference {
 public:
  Reference(const GgufFile& file, const Config& c) : c_(c) {
    for (const GgufTensor& t : file.tensors()) {
      std::vector<float> f(t.n_values);
      dequantize(t.type, t.data, t.n_values, f.data());
      weights_[t.name].assign(f.begin(), f.end());
    }
  }

  /// The vector (n_embd) that enters the first block for a token.
  std::vector<double> embedding(Token token) const {
    const auto& e = weight("token_embd.weight");
    std::vector<double> x(e.begin() + static_cast<std::ptrdiff_t>(token) * c_.n_embd,
                          e.begin() + static_cast<std::ptrdiff_t>(token + 1) * c_.n_embd);
    for (double& v : x) v *= c_.embed_scale;
    return x;
  }

  /// The vectors that enter the first block for a prompt followed by n mixtures of tokens, with
  /// candidates and weights (n, m). `extra` (n, n_embd), if not empty, is added to the mixtures.
  template <class T>
  std::vector<std::vector<T>> inputs(std::span<const Token> prompt,
                                     std::span<const Token> candidates, int m,
                                     const std::vector<T>& weights,
                                     const std::vector<T>& extra) const {
    std::vector<std::vector<T>> x;
    for (Token v : prompt) {
      const auto e = embedding(v);
      x.emplace_back(e.begin(), e.end());
    }
    for (std::size_t t = 0; t < candidates.size() / m; ++t) {
      std::vector<T>& row = x.emplace_back(c_.n_embd, T(0));
      if (!extra.empty())
        std::copy_n(extra.begin() + static_cast<std::ptrdiff_t>(t) * c_.n_embd, c_.n_embd,
                    row.begin());
      for (std::size_t j = t * m; j < (t + 1) * m; ++j) {
        const auto e = embedding(candidates[j]);
        for (int k = 0; k < c_.n_embd; ++k) row[k] += weights[j] * e[k];
      }
    }
    return x;
  }

  /// x: (n) vectors of (n_embd) that enter the first block. Returns log p(. | rows up to t): (n)
  /// vectors of (n_vocab).
  template <class T>
  std::vector<std::vector<T>> log_probs(std::vector<std::vector<T>> x) const {
    if (c_.learned_positions)
      for (std::size_t t = 0; t < x.size(); ++t)
        for (int k = 0; k < c_.n_embd; ++k)
          x[t][k] += weight("position_embd.weight")[t * c_.n_embd + k];
    for (int layer = 0; layer < c_.n_layers; ++layer) {
      const std::string p = "blk." + std::to_string(layer) + ".";
      attention(layer, p, x);
      for (auto& row : x) {
        const auto a = c_.pre_norm ? norm(p + c_.ffn_norm, row) : row;
        add(row, c_.n_experts > 0 ? experts(p, a) : feed_forward(p, "", 0, a), p + "post_ffw_norm");
      }
    }
    const bool tied = weights_.find("output.weight") == weights_.end();
    std::vector<std::vector<T>> out;
    for (const auto& row : x) {
      auto logits = linear(tied ? "token_embd" : "output", norm("output_norm", row), c_.n_vocab);
      for (T& l : logits) l = reference::soft_cap(l * double{c_.logit_scale}, c_.final_soft_cap);
      const T lse = reference::log_sum_exp(logits);
      for (T& l : logits) l -= lse;
      out.push_back(std::move(logits));
    }
    return out;
  }

 private:
  // One feed-forward: that of the layer, or, with kind "_exps", expert number e.
  template <class T>
  std::vector<T> feed_forward(const std::string& p, const std::string& kind, int e,
                              const std::vector<T>& a) const {
    const bool gated = c_.activation != Activation::kGelu,
               fused = gated && weights_.count(p + "ffn_gate" + kind + ".weight") == 0;
    auto up = linear(p + "ffn_up" + kind, a, c_.n_ff, (e + (fused ? 1 : 0)) * c_.n_ff);
    std::vector<T> gate;
    if (gated) gate = linear(p + (fused ? "ffn_up" : "ffn_gate") + kind, a, c_.n_ff, e * c_.n_ff);
    for (int i = 0; i < c_.n_ff; ++i) switch (c_.activation) {
        case Activation::kGelu:
          up[i] = reference::gelu(up[i]);
          break;
        case Activation::kGeluGated:
          up[i] *= reference::gelu(gate[i]);
          break;
        case Activation::kSiluGated:
          up[i] *= reference::silu(gate[i]);
          break;
        case Activation::kClampedSwiglu:
          up[i] = reference::clamped_swiglu(gate[i], up[i]);
          break;
      }
    return linear(p + "ffn_down" + kind, up, c_.n_embd, e * c_.n_embd);
  }
  // The choice of experts is a constant; of equal scores the lowest number comes first.
  template <class T>
  std::vector<T> experts(const std::string& p, const std::vector<T>& a) const {
    const auto score = linear(p + "ffn_gate_inp", a, c_.n_experts);
    std::vector<int> best(c_.n_experts);
    std::iota(best.begin(), best.end(), 0);
    std::stable_sort(best.begin(), best.end(), [&score](int i, int j) {
      return reference::real(score[i]) > reference::real(score[j]);
    });
    best.resize(c_.n_experts_used);
    std::vector<T> used;
    for (int e : best) used.push_back(score[e]);
    const T lse = reference::log_sum_exp(c_.softmax_of_used ? used : score);
    std::vector<T> y(c_.n_embd, T(0));
    for (int e : best) {
      const auto out = feed_forward(p, "_exps", e, a);
      for (int i = 0; i < c_.n_embd; ++i) y[i] += std::exp(score[e] - lse) * out[i];
    }
    return y;
  }

  const std::vector<double>& weight(const std::string& name) const { return weights_.at(name); }

  template <class T>
  std::vector<T> norm(const std::string& name, const std::vector<T>& x) const {
    if (c_.norm == Norm::kRms) return reference::rms_norm(x, weight(name + ".weight"), c_.norm_eps);
    return reference::layer_norm(x, weight(name + ".weight"), weight(name + ".bias"), c_.norm_eps);
  }
  template <class T>
  std::vector<T> linear(const std::string& name, const std::vector<T>& x, int n_out,
                        int from = 0) const {
    const auto& w = weight(name + ".weight");
    const auto bias = weights_.find(name + ".bias");
    std::vector<T> y(n_out, T(0));
    for (int o = 0; o < n_out; ++o) {
      const double* row =
          w.data() + static_cast<std::ptrdiff_t>(o + from) * static_cast<std::ptrdiff_t>(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) y[o] += x[i] * row[i];
      if (bias != weights_.end()) y[o] += bias->second[o + from];
    }
    return y;
  }
  template <class T>
  void add(std::vector<T>& x, std::vector<T> branch, const std::string& post) const {
    if (c_.post_norm) branch = norm(post, branch);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += branch[i] * double{c_.residual_scale};
  }
  template <class T>
  std::vector<T> part(const std::vector<T>& all, int h) const {
    return {all.begin() + static_cast<std::ptrdiff_t>(h) * c_.head_dim,
            all.begin() + static_cast<std::ptrdiff_t>(h + 1) * c_.head_dim};
  }
  // Returns one head of q or k after its norm and rotary position.
  template <class T>
  std::vector<T> head(const std::vector<T>& all, int h, const std::string& norm_name, int layer,
                      int position) const {
    std::vector<T> x = part(c_.qk_norm_of_all ? norm(norm_name, all) : all, h);
    if (c_.qk_norm && !c_.qk_norm_of_all) x = norm(norm_name, x);
    const RopeTable& table = c_.local[layer] ? c_.rope_local : c_.rope_global;
    if (c_.rotates(layer))
      reference::rope(x.data(), c_.rope_dim, c_.rope == Rope::kHalves, position, table.inverse,
                      table.scale);
    return x;
  }
  template <class T>
  void attention(int layer, const std::string& p, std::vector<std::vector<T>>& x) const {
    const bool fused = weights_.count(p + "attn_qkv.weight") > 0;
    const int nq = c_.q_size(), nk = c_.kv_size();
    const auto sinks = weights_.find(p + "attn_sinks.weight");
    std::vector<std::vector<std::vector<T>>> keys(c_.n_kv_heads), values(c_.n_kv_heads);
    for (std::size_t t = 0; t < x.size(); ++t) {
      const int position = static_cast<int>(t);
      const auto a = c_.pre_norm ? norm(p + "attn_norm", x[t]) : x[t];
      const auto q = linear(p + (fused ? "attn_qkv" : "attn_q"), a, nq);
      const auto k = linear(p + (fused ? "attn_qkv" : "attn_k"), a, nk, fused ? nq : 0);
      const auto v = linear(p + (fused ? "attn_qkv" : "attn_v"), a, nk, fused ? nq + nk : 0);
      for (int h = 0; h < c_.n_kv_heads; ++h) {
        keys[h].push_back(head(k, h, p + "attn_k_norm", layer, position));
        values[h].push_back(part(v, h));
      }
      std::vector<T> out;
      for (int h = 0; h < c_.n_heads; ++h) {
        const int kv = h / (c_.n_heads / c_.n_kv_heads);
        const auto o = reference::attend(
            head(q, h, p + "attn_q_norm", layer, position), keys[kv], values[kv],
            c_.first_key(layer, position), c_.attention_scale * c_.query_factor(position),
            c_.attention_soft_cap, c_.attention_sinks ? &sinks->second[h] : nullptr);
        out.insert(out.end(), o.begin(), o.end());
      }
      add(x[t], linear(p + "attn_output", out, c_.n_embd), p + "post_attention_norm");
    }
  }

  Config c_;
  std::map<std::string, std::vector<double>> weights_;
};

}  // namespace ponder
