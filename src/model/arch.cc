// What the architectures share: the table of them, sizes, rotary frequencies and their scaling.
#include "model/arch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "ponder/model.h"

namespace ponder {
namespace {

constexpr std::array kArchitectures{
    Architecture{"llama", read_llama},   Architecture{"qwen2", read_qwen2}, Architecture{"qwen3", read_qwen3},
    Architecture{"gemma3", read_gemma3}, Architecture{"gpt2", read_gpt2},
};
constexpr auto kNames = [] {
  std::array<std::string_view, kArchitectures.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kArchitectures[i].name;
  return names;
}();

// YaRN (Peng et al. 2023): low frequencies are interpolated, high ones kept, with a ramp between the dimensions that
// turn `fast` and `slow` times over the original context.
void apply_yarn(RopeTable& t, float base, int dim, float factor, int n_ctx_original, float fast, float slow,
                float attention) {
  const auto turns_at = [&](float turns) {
    return dim * std::log(n_ctx_original / (turns * 2 * std::numbers::pi_v<float>)) / (2 * std::log(base));
  };
  const float low = std::max(0.f, std::floor(turns_at(fast)));
  const float high = std::min(dim - 1.f, std::ceil(turns_at(slow)));
  for (std::size_t i = 0; i < t.inverse.size(); ++i) {
    const float keep = 1 - std::clamp((static_cast<float>(i) - low) / std::max(0.001f, high - low), 0.f, 1.f);
    t.inverse[i] *= keep + (1 - keep) / factor;
  }
  t.scale = attention * (1 + 0.1f * std::log(factor));
}

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }
std::span<const std::string_view> supported_architectures() { return kNames; }

Result<Config> read_config(const GgufFile& file) {
  PONDER_ASSIGN(const std::string_view name, file.get_string("general.architecture"));
  for (const Architecture& a : kArchitectures) {
    if (a.name != name) continue;
    PONDER_ASSIGN(Config c, a.read(ArchReader(file, std::string(name))));
    c.architecture = name;
    PONDER_ASSIGN(const std::string_view title, file.string_or("general.name", ""));
    c.name = title;
    return c;
  }
  std::string known;
  for (const Architecture& a : kArchitectures) known += (known.empty() ? "" : ", ") + std::string(a.name);
  return Error{Code::kUnsupported, "an architecture of: " + known, "'" + std::string(name) + "'",
               file.path() + ", general.architecture", "docs/howto-add-architecture.md tells how to add one"};
}

Status ArchReader::read_int(std::string_view k, int& out, bool required) const {
  constexpr int kMost = 1 << 24;
  const auto r = required ? file_.get_int(key(k)) : file_.int_or(key(k), out);
  if (!r.ok()) return r.error();
  if (*r < 0 || *r > kMost)
    return Error{Code::kInvalid, "a size from 0 to " + std::to_string(kMost), std::to_string(*r),
                 file_.path() + ", " + key(k), "the file may be corrupt"};
  out = static_cast<int>(*r);
  return {};
}

Status ArchReader::read_float(std::string_view k, float& out, bool required) const {
  const auto r = required ? file_.get_float(key(k)) : file_.float_or(key(k), out);
  if (!r.ok()) return r.error();
  if (!std::isfinite(*r))
    return Error{Code::kInvalid, "a finite number", std::to_string(*r), file_.path() + ", " + key(k), ""};
  out = static_cast<float>(*r);
  return {};
}

Status ArchReader::read_sizes(Config& c) const {
  PONDER_TRY(read_int("block_count", c.n_layers));
  PONDER_TRY(read_int("embedding_length", c.n_embd));
  PONDER_TRY(read_int("context_length", c.n_ctx));
  PONDER_TRY(read_int("feed_forward_length", c.n_ff));
  PONDER_TRY(read_int("attention.head_count", c.n_heads));
  c.n_kv_heads = c.n_heads;
  PONDER_TRY(read_int("attention.head_count_kv", c.n_kv_heads, false));
  if (c.n_heads > 0) c.head_dim = c.n_embd / c.n_heads;
  PONDER_TRY(read_int("attention.key_length", c.head_dim, false));
  int value_length = c.head_dim;
  PONDER_TRY(read_int("attention.value_length", value_length, false));
  const GgufTensor* embd = file_.find("token_embd.weight");
  if (!embd || embd->shape.size() != 2)
    return Error{Code::kInvalid, "a matrix token_embd.weight", embd ? "another shape" : "no such tensor", file_.path(),
                 ""};
  c.n_vocab = static_cast<int>(embd->shape[1]);
  const auto bad = [&](const std::string& what, const std::string& got) {
    return Error{Code::kInvalid, what, got, file_.path() + ", metadata of " + prefix_, "the file may be corrupt"};
  };
  if (c.n_layers > static_cast<int>(file_.tensors().size()))
    return bad("at most a layer a tensor", std::to_string(c.n_layers) + " layers");
  for (const auto& [value, what] : {std::pair{c.n_layers, "block_count"},
                                    {c.n_ctx, "context_length"},
                                    {c.n_heads, "attention.head_count"},
                                    {c.n_kv_heads, "attention.head_count_kv"}})
    if (value < 1) return bad(std::string(what) + " of at least 1", std::to_string(value));
  for (const auto& [value, what] :
       {std::pair{c.n_embd, "embedding_length"}, {c.head_dim, "head size"}, {c.n_ff, "feed_forward_length"}})
    if (value < 16 || value % 16 != 0) return bad(std::string(what) + " a multiple of 16", std::to_string(value));
  constexpr std::int64_t kWidest = 1 << 20;  // far above any model
  if (std::int64_t{c.n_heads} * c.head_dim > kWidest)
    return bad("heads of at most " + std::to_string(kWidest) + " values together",
               std::to_string(c.n_heads) + " of " + std::to_string(c.head_dim));
  if (c.n_heads % c.n_kv_heads != 0)
    return bad("query heads a multiple of key-value heads",
               std::to_string(c.n_heads) + " and " + std::to_string(c.n_kv_heads));
  if (value_length != c.head_dim)
    return bad("keys and values of one size", std::to_string(c.head_dim) + " and " + std::to_string(value_length));
  c.local.assign(c.n_layers, false);
  c.rope_dim = c.head_dim;
  c.attention_scale = 1 / std::sqrt(static_cast<float>(c.head_dim));
  return {};
}

RopeTable rope_table(float base, int dim) {
  RopeTable t;
  for (int i = 0; i < dim / 2; ++i)
    t.inverse.push_back(1 / std::pow(base, static_cast<float>(2 * i) / static_cast<float>(dim)));
  return t;
}

Status ArchReader::read_rope(Config& c) const {
  float base = 10000, factor = 1;
  PONDER_TRY(read_float("rope.freq_base", base, false));
  PONDER_TRY(read_int("rope.dimension_count", c.rope_dim, false));
  if (c.rope_dim < 2 || c.rope_dim % 2 != 0 || c.rope_dim > c.head_dim || base <= 1)
    return Error{Code::kInvalid, "an even rope dimension up to the head size and a base above 1",
                 std::to_string(c.rope_dim) + " and " + std::to_string(base), file_.path() + ", " + key("rope"), ""};
  c.rope_global = rope_table(base, c.rope_dim);
  PONDER_ASSIGN(const std::string_view scaling, file_.string_or(key("rope.scaling.type"), ""));
  PONDER_TRY(read_float("rope.scale_linear", factor, false));  // the key of old files
  PONDER_TRY(read_float("rope.scaling.factor", factor, false));
  if (factor <= 0)
    return Error{Code::kInvalid, "a positive rope scaling factor", std::to_string(factor), file_.path(), ""};
  if (scaling == "yarn") {
    int original = c.n_ctx;
    float attention = 1, fast = 32, slow = 1;
    PONDER_TRY(read_int("rope.scaling.original_context_length", original, false));
    PONDER_TRY(read_float("rope.scaling.attn_factor", attention, false));
    PONDER_TRY(read_float("rope.scaling.yarn_beta_fast", fast, false));
    PONDER_TRY(read_float("rope.scaling.yarn_beta_slow", slow, false));
    apply_yarn(c.rope_global, base, c.rope_dim, factor, original, fast, slow, attention);
  } else if (scaling == "linear" || (scaling.empty() && factor != 1)) {
    for (float& f : c.rope_global.inverse) f /= factor;
  } else if (!scaling.empty() && scaling != "none") {
    return Error{Code::kUnsupported, "rope scaling of: none, linear, yarn", "'" + std::string(scaling) + "'",
                 file_.path(), ""};
  }
  if (const GgufTensor* t = file_.find("rope_freqs.weight")) {
    if (t->type != TensorType::kF32 || t->shape != std::vector<std::int64_t>{c.rope_dim / 2})
      return Error{Code::kInvalid, std::to_string(c.rope_dim / 2) + " float32 factors", std::to_string(t->n_values),
                   file_.path() + ", rope_freqs.weight", ""};
    std::vector<float> factors(c.rope_dim / 2);
    dequantize(t->type, t->data, t->n_values, factors.data());
    for (std::size_t i = 0; i < factors.size(); ++i) c.rope_global.inverse[i] /= factors[i];
  }
  return {};
}

}  // namespace ponder
