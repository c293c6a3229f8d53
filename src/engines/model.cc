// Model: a file, its configuration, and the engine that it is loaded for. The list of engines is
// here and nowhere else.
#include <array>

#include "cpu/cpu.h"
#include "engines/engines.h"
#include "model/arch.h"

namespace ponder {
namespace {

// Everything about a model that follows from its file, the options and this machine.
Result<ModelInfo> describe_with(const EngineKind& engine, const GgufFile& file, const Config& c,
                                const ModelOptions& options) {
  ModelInfo info;
  PONDER_TRY(engine.describe(file, c, options, info));
  info.architecture = c.architecture;
  info.name = c.name;
  for (const GgufTensor& t : file.tensors()) info.n_parameters += t.n_values;
  info.n_layers = c.n_layers;
  info.n_embd = c.n_embd;
  info.n_heads = c.n_heads;
  info.n_kv_heads = c.n_kv_heads;
  info.head_dim = c.head_dim;
  info.n_ff = c.n_ff;
  info.n_experts = c.n_experts;
  info.n_experts_used = c.n_experts_used;
  info.n_vocab = c.n_vocab;
  info.n_ctx_train = c.n_ctx;
  info.n_ctx_is_limit = c.n_ctx_is_limit;
  return info;
}

}  // namespace

std::span<const EngineKind> engines() {
  static const std::array all{cpu_engine()};
  return all;
}

Result<std::shared_ptr<const Model>> load_with(const EngineKind& engine,
                                               std::shared_ptr<const GgufFile> file,
                                               const Config& c, const ModelOptions& options) {
  PONDER_ASSIGN(ModelInfo info, describe_with(engine, *file, c, options));
  PONDER_ASSIGN(auto model, engine.load(file, c, info));
  return std::make_shared<const Model>(std::move(file), std::move(info), std::move(model));
}

std::string_view to_string(Precision p) {
  switch (p) {
    case Precision::kF32:
      return "f32";
    case Precision::kBF16:
      return "bf16";
    case Precision::kAuto:
      break;
  }
  return "auto";
}

namespace {
constexpr std::string_view kWeightForms[] = {"auto", "packed", "lean", "quantised"};
}
std::string_view to_string(WeightForm w) { return kWeightForms[static_cast<std::size_t>(w)]; }
std::optional<WeightForm> parse_weight_form(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kWeightForms); ++i)
    if (name == kWeightForms[i]) return static_cast<WeightForm>(i);
  return {};
}

Result<ModelInfo> Model::describe(const GgufFile& file, const ModelOptions& options) {
  PONDER_ASSIGN(const Config c, read_config(file));
  return describe_with(engines().front(), file, c, options);
}

Result<std::shared_ptr<const Model>> Model::load(std::shared_ptr<const GgufFile> file,
                                                 const ModelOptions& options) {
  PONDER_ASSIGN(const Config c, read_config(*file));
  return load_with(engines().front(), std::move(file), c, options);
}

}  // namespace ponder
