// Loading: configuration, choice of precision and weight form, memory check, weights.
#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "base/cgroup.h"
#include "model/arch.h"
#include "model/memory.h"
#include "model/transformer.h"
#include "ponder/core/machine.h"

namespace ponder {

std::int64_t available_memory() {
  std::int64_t available = std::numeric_limits<std::int64_t>::max() / 4;
  std::ifstream info("/proc/meminfo");
  for (std::string key, unit; info >> key;) {
    std::int64_t kb = 0;
    info >> kb;
    std::getline(info, unit);
    if (key == "MemAvailable:") available = kb * 1024;
  }
  return std::min(available, cgroup_limits().memory_left);
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

Precision precision_of(const ModelOptions& o) {
  if (o.precision != Precision::kAuto) return o.precision;
  return gemm_kernel(Compute::kBF16).native ? Precision::kBF16 : Precision::kF32;
}

const GemmKernel& kernel_of(Precision p) {
  return gemm_kernel(p == Precision::kBF16 ? Compute::kBF16 : Compute::kF32);
}

// Everything about a model that follows from its file, the options and this machine.
Result<ModelInfo> describe_config(const GgufFile& file, const Config& c,
                                  const ModelOptions& options) {
  PONDER_TRY(check_weights(
      file, c));  // before anything is said about the file, and before memory is taken
  const GemmKernel& kernel = kernel_of(precision_of(options));
  const std::int64_t packed_size = packed_bytes(file, kernel), free = available_memory();
  constexpr std::int64_t kSlack = 256ll << 20;
  bool packed = options.weights != WeightForm::kQuantised;
  if (packed && packed_size + kSlack > free) {
    if (options.weights == WeightForm::kPacked)
      return Error{Code::kResource,
                   std::to_string(packed_size >> 20) +
                       " MB for the weights in compute form and 256 MB to work in",
                   std::to_string(free >> 20) + " MB available", file.path(),
                   "use --weights quantised"};
    packed = false;
  }
  ModelInfo info;
  info.architecture = c.architecture;
  info.name = c.name;
  for (const GgufTensor& t : file.tensors()) info.n_parameters += t.n_values;
  info.n_layers = c.n_layers;
  info.n_embd = c.n_embd;
  info.n_heads = c.n_heads;
  info.n_kv_heads = c.n_kv_heads;
  info.head_dim = c.head_dim;
  info.n_ff = c.n_ff;
  info.n_vocab = c.n_vocab;
  info.n_ctx_train = c.n_ctx;
  info.weight_bytes = packed ? packed_size : static_cast<std::int64_t>(file.file_bytes());
  info.kv_bytes_per_token = KvStore::bytes_per_slot(c, kernel);
  info.precision = precision_of(options);
  info.weights = packed ? WeightForm::kPacked : WeightForm::kQuantised;
  info.n_threads = options.n_threads > 0 ? options.n_threads : available_threads();
  info.isa = kernel.isa;
  return info;
}

}  // namespace

Result<ModelInfo> Model::describe(const GgufFile& file, const ModelOptions& options) {
  PONDER_ASSIGN(const Config c, read_config(file));
  return describe_config(file, c, options);
}

Result<std::shared_ptr<const Model>> Model::load(std::shared_ptr<const GgufFile> file,
                                                 const ModelOptions& options) {
  PONDER_ASSIGN(Config c, read_config(*file));
  PONDER_ASSIGN(ModelInfo info, describe_config(*file, c, options));
  const GemmKernel& kernel = kernel_of(info.precision);
  PONDER_ASSIGN(Weights weights, load_weights(*file, c, kernel, info.weights == WeightForm::kPacked,
                                              info.n_threads));
  return std::shared_ptr<const Model>(std::make_shared<Transformer>(
      std::move(file), std::move(c), std::move(weights), kernel, std::move(info)));
}

}  // namespace ponder
