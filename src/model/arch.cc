// The code that all architectures share: the table of architectures, typed look-ups, and sizes. Not
// rotary positions (arch_rope.cc), nor the check for keys that no look-up asked for (arch_keys.cc).
#include "model/arch.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ponder/model/model.h"

namespace ponder {
namespace {

constexpr std::array kArchitectures{
    Architecture{"llama", read_llama},     Architecture{"mistral3", read_mistral3},
    Architecture{"qwen2", read_qwen2},     Architecture{"qwen3", read_qwen3},
    Architecture{"gemma2", read_gemma2},   Architecture{"gemma3", read_gemma3},
    Architecture{"phi3", read_phi3},       Architecture{"olmo2", read_olmo2},
    Architecture{"smollm3", read_smollm3}, Architecture{"granite", read_granite},
    Architecture{"gpt2", read_gpt2},       Architecture{"qwen3moe", read_qwen3moe},
    Architecture{"gpt-oss", read_gpt_oss},
};
constexpr auto kNames = [] {
  std::array<std::string_view, kArchitectures.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kArchitectures[i].name;
  return names;
}();

constexpr int kMostInt = 1 << 24;  // above any size or count of a known model

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }
std::span<const std::string_view> supported_architectures() { return kNames; }

Result<Config> read_config(const GgufFile& file) {
  PONDER_ASSIGN(const std::string_view name, file.get_string("general.architecture"));
  for (const Architecture& a : kArchitectures) {
    if (a.name != name) continue;
    const ArchReader in(file, std::string(name));
    PONDER_ASSIGN(Config c, a.read(in));
    PONDER_TRY(in.refuse_unread_keys(c));
    c.architecture = name;
    PONDER_ASSIGN(const std::string_view title, file.string_or("general.name", ""));
    c.name = title;
    return c;
  }
  std::string known;
  for (const Architecture& a : kArchitectures)
    known += (known.empty() ? "" : ", ") + std::string(a.name);
  return Error{Code::kUnsupported, "an architecture of: " + known, "'" + std::string(name) + "'",
               file.path() + ", general.architecture",
               "docs/howto-add-architecture.md tells how to add one"};
}

std::string ArchReader::read(std::string_view k) const {
  read_.emplace(k);
  return key(k);
}

const GgufArray* ArchReader::find_array(std::string_view k) const {
  return file_.find_array(read(k));
}

Result<std::string_view> ArchReader::string_or(std::string_view k,
                                               std::string_view fallback) const {
  return file_.string_or(read(k), fallback);
}

Result<bool> ArchReader::bool_or(std::string_view k, bool fallback) const {
  return file_.bool_or(read(k), fallback);
}

Status ArchReader::read_int(std::string_view k, int& out, bool required) const {
  const auto r = required ? file_.get_int(read(k)) : file_.int_or(read(k), out);
  if (!r.ok()) return r.error();
  if (*r < 0 || *r > kMostInt)
    return Error{Code::kInvalid, "a size from 0 to " + std::to_string(kMostInt), std::to_string(*r),
                 file_.path() + ", " + key(k), "the file may be corrupt"};
  out = static_cast<int>(*r);
  return {};
}

Status ArchReader::read_layers_int(std::string_view k, int n_layers, int& out) const {
  const GgufArray* array = find_array(k);
  if (!array) return read_int(k, out, false);
  const auto* items = std::get_if<std::vector<std::int64_t>>(&array->items);
  const bool one = items && static_cast<int>(items->size()) == n_layers && n_layers > 0 &&
                   items->front() >= 0 && items->front() <= kMostInt &&
                   std::count(items->begin(), items->end(), items->front()) == n_layers;
  if (!one)
    return Error{Code::kUnsupported, "one number, or the same for each of the layers",
                 "an array of others", file_.path() + ", " + key(k),
                 "layers of different shapes are not supported"};
  out = static_cast<int>(items->front());
  return {};
}

Status ArchReader::read_float(std::string_view k, float& out, bool required) const {
  const auto r = required ? file_.get_float(read(k)) : file_.float_or(read(k), out);
  if (!r.ok()) return r.error();
  if (!std::isfinite(*r))
    return Error{Code::kInvalid, "a finite number", std::to_string(*r),
                 file_.path() + ", " + key(k), ""};
  out = static_cast<float>(*r);
  return {};
}

Status ArchReader::read_usual(Config& c, YarnRamp ramp) const {
  PONDER_TRY(read_sizes(c));
  PONDER_TRY(read_float("attention.layer_norm_rms_epsilon", c.norm_eps));
  return read_rope(c, ramp);
}

Status ArchReader::read_sizes(Config& c) const {
  PONDER_TRY(read_int("block_count", c.n_layers));
  PONDER_TRY(read_int("embedding_length", c.n_embd));
  PONDER_TRY(read_int("context_length", c.n_ctx));
  PONDER_TRY(read_int("feed_forward_length", c.n_ff));
  PONDER_TRY(read_int("attention.head_count", c.n_heads));
  c.n_kv_heads = c.n_heads;
  PONDER_TRY(read_layers_int("attention.head_count_kv", c.n_layers, c.n_kv_heads));
  if (c.n_heads > 0) c.head_dim = c.n_embd / c.n_heads;
  PONDER_TRY(read_int("attention.key_length", c.head_dim, false));
  int value_length = c.head_dim;
  PONDER_TRY(read_int("attention.value_length", value_length, false));
  const GgufTensor* embd = file_.find("token_embd.weight");
  if (!embd || embd->shape.size() != 2)
    return Error{Code::kInvalid, "a matrix token_embd.weight",
                 embd ? "another shape" : "no such tensor", file_.path(), ""};
  c.n_vocab = static_cast<int>(embd->shape[1]);
  const auto bad = [&](const std::string& what, const std::string& got) {
    return Error{Code::kInvalid, what, got, file_.path() + ", metadata of " + prefix_,
                 "the file may be corrupt"};
  };
  if (c.n_layers > static_cast<int>(file_.tensors().size()))
    return bad("at most a layer a tensor", std::to_string(c.n_layers) + " layers");
  for (const auto& [value, what] : {std::pair{c.n_layers, "block_count"},
                                    {c.n_ctx, "context_length"},
                                    {c.n_heads, "attention.head_count"},
                                    {c.n_kv_heads, "attention.head_count_kv"}})
    if (value < 1) return bad(std::string(what) + " of at least 1", std::to_string(value));
  for (const auto& [value, what] : {std::pair{c.n_embd, "embedding_length"},
                                    {c.head_dim, "head size"},
                                    {c.n_ff, "feed_forward_length"}})
    if (value < 16 || value % 16 != 0)
      return bad(std::string(what) + " a multiple of 16", std::to_string(value));
  constexpr std::int64_t kWidest = 1 << 20;  // far above the width of any known model
  if (std::int64_t{c.n_heads} * c.head_dim > kWidest)
    return bad("heads of at most " + std::to_string(kWidest) + " values together",
               std::to_string(c.n_heads) + " of " + std::to_string(c.head_dim));
  if (c.n_heads % c.n_kv_heads != 0)
    return bad("query heads a multiple of key-value heads",
               std::to_string(c.n_heads) + " and " + std::to_string(c.n_kv_heads));
  if (value_length != c.head_dim)
    return bad("keys and values of one size",
               std::to_string(c.head_dim) + " and " + std::to_string(value_length));
  c.local.assign(c.n_layers, false);
  c.rope_dim = c.head_dim;
  c.attention_scale = 1 / std::sqrt(static_cast<float>(c.head_dim));
  return {};
}

}  // namespace ponder
