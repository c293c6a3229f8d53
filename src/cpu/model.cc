// The CPU engine's part in opening a model: the choice of precision and weight form, the memory
// check, and loading. Not the passes (transformer.h).
#include <string>

#include "base/memory.h"
#include "cpu/cpu.h"
#include "cpu/engine.h"
#include "ponder/core/machine.h"

namespace ponder {
namespace {

Precision precision_of(const ModelOptions& o) {
  if (o.precision != Precision::kAuto) return o.precision;
  return gemm_kernel(Compute::kBF16).native ? Precision::kBF16 : Precision::kF32;
}

const GemmKernel& kernel_of(Precision p) {
  return gemm_kernel(p == Precision::kBF16 ? Compute::kBF16 : Compute::kF32);
}

Status describe(const GgufFile& file, const Config& c, const ModelOptions& options,
                ModelInfo& info) {
  // Checks the tensors first, before ModelInfo describes the file and before memory is allocated.
  PONDER_TRY(find_tensors(file, c));
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
  info.weight_bytes = packed ? packed_size : static_cast<std::int64_t>(file.file_bytes());
  info.kv_bytes_per_token = KvStore::bytes_per_slot(c, kernel);
  info.precision = precision_of(options);
  info.weights = packed ? WeightForm::kPacked : WeightForm::kQuantised;
  info.n_threads = options.n_threads > 0 ? options.n_threads : available_threads();
  info.isa = kernel.isa;
  return {};
}

class CpuModel final : public EngineModel {
 public:
  CpuModel(std::shared_ptr<const GgufFile> file, Config c, Weights w, const GemmKernel& kernel,
           ModelInfo info)
      : transformer_(std::move(file), std::move(c), std::move(w), kernel, std::move(info)) {}
  std::int64_t free_bytes() const override { return available_memory(); }
  Result<std::unique_ptr<Engine>> engine(int n_slots) const override {
    return std::unique_ptr<Engine>(std::make_unique<CpuEngine>(transformer_, n_slots));
  }

 private:
  Transformer transformer_;
};

Result<std::shared_ptr<const EngineModel>> load(std::shared_ptr<const GgufFile> file, Config c,
                                                ModelInfo info) {
  const GemmKernel& kernel = kernel_of(info.precision);
  PONDER_ASSIGN(const Tensors tensors, find_tensors(*file, c));
  Weights weights =
      load_weights(*file, tensors, kernel, info.weights == WeightForm::kPacked, info.n_threads);
  return std::shared_ptr<const EngineModel>(std::make_shared<CpuModel>(
      std::move(file), std::move(c), std::move(weights), kernel, std::move(info)));
}

}  // namespace

EngineKind cpu_engine() { return {"cpu", describe, load}; }

}  // namespace ponder
