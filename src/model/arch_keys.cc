// Which metadata keys may be left unread: those that only describe the model, and those whose value
// switches a feature off. With any other unread key, the file may describe another computation than
// ours, so the model is refused by that key's name.
#include <algorithm>
#include <cmath>
#include <optional>

#include "model/arch.h"

namespace ponder {
namespace {

// Keys that only describe the model, whatever their value. vocab_size: the number of embedding rows
// counts instead. The two epsilons: an architecture reads the one of its own norm; the other
// belongs to a norm that it does not have. Pooling comes after the last layer's rows.
constexpr std::string_view kDescriptive[] = {
    "vocab_size",
    "tensor_data_layout",
    "pooling_type",
    "classifier.output_labels",
    "rope.scaling.finetuned",
    "attention.layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon",
};

// Keys of features with the values at which the feature does nothing.
struct Off {
  std::string_view key;
  double value;
};
constexpr Off kOff[] = {
    {"attn_logit_softcapping", 0},
    {"final_logit_softcapping", 0},
    {"router_logit_softcapping", 0},
    {"logit_scale", 0},  // llama.cpp writes 0 for "not used"
    {"logit_scale", 1},
    {"residual_scale", 0},
    {"residual_scale", 1},
    {"embedding_scale", 0},
    {"embedding_scale", 1},
    {"attention.scale", 0},
    {"attention.output_scale", 0},
    {"attention.output_scale", 1},
    {"attention.clamp_kqv", 0},
    {"attention.max_alibi_bias", 0},
    {"attention.shared_kv_layers", 0},
    {"attention.causal", 1},
    {"use_parallel_residual", 0},
    {"expert_count", 0},
    {"expert_used_count", 0},
    {"expert_shared_count", 0},
    {"expert_weights_scale", 0},
    {"expert_weights_scale", 1},
    {"leading_dense_block_count", 0},
    {"nextn_predict_layers", 0},
    {"n_deepstack_layers", 0},
    {"rope.scaling.alpha", 0},
    {"rope.scaling.yarn_attn_factor", 1},
    {"rope.scaling.yarn_log_multiplier", 0},
};

std::optional<double> number(const GgufValue& v) {
  if (const auto* x = std::get_if<std::int64_t>(&v.v)) return static_cast<double>(*x);
  if (const auto* x = std::get_if<double>(&v.v)) return *x;
  if (const auto* x = std::get_if<bool>(&v.v)) return *x ? 1.0 : 0.0;
  return std::nullopt;
}

// True if the two are equal up to the rounding of a float32 in a file.
bool same(double a, double b) { return std::abs(a - b) <= 1e-6 * std::abs(b); }

bool has_no_effect(std::string_view key, const GgufValue& value, const Config& c) {
  if (std::find(std::begin(kDescriptive), std::end(kDescriptive), key) != std::end(kDescriptive))
    return true;
  if (key.starts_with("rope.") && c.rope == Rope::kNone) return true;
  const bool local_layers = std::find(c.local.begin(), c.local.end(), true) != c.local.end();
  if (!local_layers && (key.ends_with("_swa") || key == "attention.sliding_window_pattern"))
    return true;
  const std::optional<double> x = number(value);
  if (!x) return false;
  if (key == "attention.sliding_window")
    return *x == 0 || *x >= c.n_ctx;  // no text is longer than n_ctx
  if (key == "attention.scale" && same(*x, c.attention_scale)) return true;
  if (key == "attention.key_length_swa" || key == "attention.value_length_swa")
    return *x == c.head_dim;
  if (key == "rope.dimension_count_swa") return *x == c.rope_dim;
  return std::any_of(std::begin(kOff), std::end(kOff),
                     [&](const Off& o) { return o.key == key && o.value == *x; });
}

std::string text_of(const GgufValue& v) {
  if (const auto* s = std::get_if<std::string_view>(&v.v))
    return "'" + std::string(s->substr(0, 40)) + "'";
  if (const auto* x = std::get_if<std::int64_t>(&v.v)) return std::to_string(*x);
  const std::optional<double> x = number(v);
  return x ? std::to_string(*x) : "an array";
}

}  // namespace

Status ArchReader::refuse_unread_keys(const Config& c) const {
  const std::string prefix = prefix_ + ".";
  const auto& all = file_.metadata();
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    const std::string_view k = std::string_view(it->first).substr(prefix.size());
    if (read_.contains(k) || has_no_effect(k, it->second, c)) continue;
    return Error{Code::kUnsupported,
                 "only keys that ponder understands in a model of architecture " + prefix_,
                 it->first + " = " + text_of(it->second), file_.path(),
                 "it may change what the model computes; docs/howto-add-architecture.md tells how "
                 "to add it"};
  }
  return {};
}

}  // namespace ponder
