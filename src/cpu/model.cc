// The CPU engine's part in opening a model: the choice of precision and weight form, the memory
// check, and loading. Not the passes (transformer.h).
#include <algorithm>
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

// The fastest form that leaves room to work in. Packed weights that fill much of the memory crowd
// out keys and values, a second model and the other programs of the machine; packing more than 2 GB
// takes longer than a short run saves.
Result<WeightForm> weight_form(const GgufFile& file, const GemmKernel& kernel,
                               const ModelOptions& options) {
  const WeightForm asked = options.weights;
  constexpr std::int64_t kSlack = 256ll << 20, kMostPacked = 2ll << 30, kPackedShare = 4;
  const std::int64_t free = available_memory();
  const auto bytes = [&](WeightForm f) { return weight_bytes(file, kernel, f); };
  if (asked == WeightForm::kAuto) {
    const std::int64_t packed = bytes(WeightForm::kPacked);
    if (packed <= free / kPackedShare && (options.many_rows || packed <= kMostPacked))
      return WeightForm::kPacked;
    return bytes(WeightForm::kLean) + kSlack <= free ? WeightForm::kLean : WeightForm::kQuantised;
  }
  if (asked != WeightForm::kQuantised && bytes(asked) + kSlack > free)
    return Error{Code::kResource,
                 std::to_string(bytes(asked) >> 20) + " MB for " + std::string(to_string(asked)) +
                     " weights and 256 MB to work in",
                 std::to_string(free >> 20) + " MB available", file.path(),
                 asked == WeightForm::kPacked ? "use --weights lean" : "use --weights quantised"};
  return asked;
}

Status describe(const GgufFile& file, const Config& c, const ModelOptions& options,
                ModelInfo& info) {
  // Checks the tensors first, before ModelInfo describes the file and before memory is allocated.
  PONDER_TRY(find_tensors(file, c));
  const GemmKernel& kernel = kernel_of(precision_of(options));
  PONDER_ASSIGN(info.weights, weight_form(file, kernel, options));
  info.weight_bytes = info.weights == WeightForm::kQuantised
                          ? static_cast<std::int64_t>(file.file_bytes())
                          : weight_bytes(file, kernel, info.weights);
  info.kv_bytes_per_token = KvStore::bytes_per_slot(c, kernel);
  info.precision = precision_of(options);
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
  Weights weights = load_weights(*file, tensors, kernel, info.weights, info.n_threads);
  // The factor of the logits is part of the last norm, so that no pass has to know of it.
  for (std::vector<float>* v : {&weights.output_norm.w, &weights.output_norm.b})
    for (float& x : *v) x *= c.logit_scale;
  return std::shared_ptr<const EngineModel>(std::make_shared<CpuModel>(
      std::move(file), std::move(c), std::move(weights), kernel, std::move(info)));
}

}  // namespace

EngineKind cpu_engine() { return {"cpu", describe, load}; }

}  // namespace ponder
