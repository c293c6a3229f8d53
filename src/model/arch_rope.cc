// Rotary frequencies from a file's metadata: the base, the rotated part of a head, and the scaling
// of the frequencies for a longer context. Not the rotation itself (ops/rope.h).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "model/arch.h"

namespace ponder {
namespace {

constexpr const char *kShortFactors = "rope_factors_short.weight",
                     *kLongFactors = "rope_factors_long.weight";

struct Scaling {
  std::string_view type;  // "": linear, if there is a factor
  float factor = 1;
  float attention = 1;  // factor of cosines and sines, for every type
  int original = 0;     // context length before scaling
  float fast = 32, slow = 1;
  bool long_rope = false;

  bool yarn() const { return type == "yarn"; }
};

Error invalid(const ArchReader& in, std::string_view key, std::string expected, std::string got) {
  return {Code::kInvalid, std::move(expected), std::move(got),
          in.file().path() + ", " + in.key(key), "the file may be corrupt"};
}

// Refuses a yarn_ext_factor that this file does not implement. The factor says how much of YaRN's
// frequencies is mixed in: here all of them if the type is YaRN, else none.
Status check_ext_factor(const ArchReader& in, const Scaling& s) {
  float ext = -1;  // not set
  PONDER_TRY(in.read_float("rope.scaling.yarn_ext_factor", ext, false));
  const float known = s.yarn() ? 1 : 0;
  if (ext < 0 || ext == known) return {};
  Error e =
      invalid(in, "rope.scaling.yarn_ext_factor",
              std::to_string(known) + ", as for its type of rope scaling", std::to_string(ext));
  e.code = Code::kUnsupported;
  e.hint = "mixtures of scaled and plain frequencies are not supported";
  return e;
}

Result<Scaling> read_scaling(const ArchReader& in, int n_ctx) {
  Scaling s;
  PONDER_ASSIGN(s.type, in.string_or("rope.scaling.type", ""));
  s.long_rope = in.file().find(kShortFactors) != nullptr;
  const bool known = s.type.empty() || s.type == "none" || s.type == "linear" || s.yarn() ||
                     (s.type == "longrope" && s.long_rope);
  if (!known) {
    Error e = invalid(in, "rope.scaling.type",
                      "rope scaling of: none, linear, yarn, longrope with its tensors",
                      "'" + std::string(s.type) + "'");
    e.code = Code::kUnsupported;
    e.hint = "convert the model again with a current converter";
    return e;
  }
  PONDER_TRY(in.read_float("rope.scale_linear", s.factor, false));  // old files use this key
  PONDER_TRY(in.read_float("rope.scaling.factor", s.factor, false));
  PONDER_TRY(in.read_float("rope.scaling.attn_factor", s.attention, false));
  PONDER_TRY(in.read_int("rope.scaling.original_context_length", s.original, false));
  PONDER_TRY(in.read_float("rope.scaling.yarn_beta_fast", s.fast, false));
  PONDER_TRY(in.read_float("rope.scaling.yarn_beta_slow", s.slow, false));
  PONDER_TRY(check_ext_factor(in, s));
  if (s.factor == 0) s.factor = 1;  // llama.cpp writes 0 for "not used"
  if (s.original == 0 && s.long_rope)
    return invalid(in, "rope.scaling.original_context_length",
                   "the context that the short factors are for", "none");
  if (s.original == 0) s.original = n_ctx;
  for (const auto& [value, key] : {std::pair{s.factor, "rope.scaling.factor"},
                                   {s.attention, "rope.scaling.attn_factor"},
                                   {s.fast, "rope.scaling.yarn_beta_fast"},
                                   {s.slow, "rope.scaling.yarn_beta_slow"}})
    if (value <= 0) return invalid(in, key, "a number above 0", std::to_string(value));
  return s;
}

// YaRN (Peng et al. 2023): low frequencies are interpolated and high frequencies kept. Between them
// is a ramp, from the dimension that turns `fast` times over the original context to the one that
// turns `slow` times.
void apply_yarn(RopeTable& t, float base, int dim, const Scaling& s, YarnRamp ramp) {
  const auto turns_at = [&](float turns) {
    return dim * std::log(s.original / (turns * 2 * std::numbers::pi_v<float>)) /
           (2 * std::log(base));
  };
  float low = turns_at(s.fast), high = turns_at(s.slow);
  if (ramp == YarnRamp::kWhole) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(0.f, low);
  high = std::min(dim - 1.f, high);
  for (std::size_t i = 0; i < t.inverse.size(); ++i) {
    const float keep =
        1 - std::clamp((static_cast<float>(i) - low) / std::max(0.001f, high - low), 0.f, 1.f);
    t.inverse[i] *= keep + (1 - keep) / s.factor;
  }
  t.scale = s.attention * (s.factor > 1 ? 1 + 0.1f * std::log(s.factor) : 1);
}

// The factors of frequencies in a tensor: (n), or none if the file does not have the tensor.
Result<std::vector<float>> read_factors(const ArchReader& in, const std::string& name, Config& c) {
  const GgufTensor* f = in.file().find(name);
  if (!f) return std::vector<float>();
  const auto n = static_cast<std::int64_t>(c.rope_global.inverse.size());
  const auto fail = [&](const std::string& expected, const std::string& got) {
    return Error{Code::kInvalid, expected, got, in.file().path() + ", " + name,
                 "the file may be corrupt"};
  };
  if (f->type != TensorType::kF32 || f->shape != std::vector<std::int64_t>{n})
    return fail(std::to_string(n) + " float32 factors", std::to_string(f->n_values));
  std::vector<float> factors(n);
  dequantize(f->type, f->data, n, factors.data());
  for (const float x : factors)
    if (!(x > 0) || !std::isfinite(x)) return fail("factors above 0", std::to_string(x));
  c.rope_tensors.push_back(name);
  return factors;
}

// Divides each frequency by its factor in a tensor, if the file has it. The converter writes the
// scaling of Llama 3 to rope_freqs.weight.
Status divide_by_factors(const ArchReader& in, const std::string& name, Config& c) {
  PONDER_ASSIGN(const std::vector<float> factors, read_factors(in, name, c));
  for (std::size_t i = 0; i < factors.size(); ++i) c.rope_global.inverse[i] /= factors[i];
  return {};
}

// LongRoPE (Ding et al. 2024) has one list of factors for texts up to the original context, and one
// for longer texts. With the second list the numbers of a prefix would change while the text grows
// past the original context, so no context here is longer than that, and the first list is used.
Status apply_long_rope(const ArchReader& in, const Scaling& s, Config& c) {
  PONDER_TRY(divide_by_factors(in, kShortFactors, c));
  PONDER_TRY(read_factors(in, kLongFactors, c));  // checked, not used
  c.n_ctx = std::min(c.n_ctx, s.original);
  c.n_ctx_is_limit = true;
  return {};
}

}  // namespace

RopeTable rope_table(float base, int dim) {
  RopeTable t;
  for (int i = 0; i < dim / 2; ++i)
    t.inverse.push_back(1 / std::pow(base, static_cast<float>(2 * i) / static_cast<float>(dim)));
  return t;
}

Status ArchReader::read_rope(Config& c, YarnRamp ramp) const {
  float base = 10000;
  PONDER_TRY(read_float("rope.freq_base", base, false));
  PONDER_TRY(read_int("rope.dimension_count", c.rope_dim, false));
  if (c.rope_dim < 2 || c.rope_dim % 2 != 0 || c.rope_dim > c.head_dim)
    return invalid(*this, "rope.dimension_count",
                   "an even number up to the head size " + std::to_string(c.head_dim),
                   std::to_string(c.rope_dim));
  if (base <= 1) return invalid(*this, "rope.freq_base", "a number above 1", std::to_string(base));
  c.rope_global = rope_table(base, c.rope_dim);
  PONDER_ASSIGN(const Scaling s, read_scaling(*this, c.n_ctx));
  c.rope_global.scale = s.attention;
  if (s.yarn())
    apply_yarn(c.rope_global, base, c.rope_dim, s, ramp);
  else if (s.type != "none")
    for (float& f : c.rope_global.inverse) f /= s.factor;
  if (s.long_rope) PONDER_TRY(apply_long_rope(*this, s, c));
  return divide_by_factors(*this, "rope_freqs.weight", c);
}

}  // namespace ponder
