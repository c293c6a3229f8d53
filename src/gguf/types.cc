// The table of tensor types, and dispatch of dequantisation to the file of each family.
#include "base/check.h"
#include "gguf/dequant.h"

namespace ponder {
namespace {

struct Entry {
  TensorType type;
  TensorTypeInfo info;
  void (*expand)(const std::byte*, std::int64_t n_blocks, float*);
};
constexpr Entry kTypes[] = {
    {TensorType::kF32, {"F32", 1, 4}, dequant::f32},
    {TensorType::kF16, {"F16", 1, 2}, dequant::f16},
    {TensorType::kBF16, {"BF16", 1, 2}, dequant::bf16},
    {TensorType::kQ4_0, {"Q4_0", 32, 18}, dequant::q4_0},
    {TensorType::kQ4_1, {"Q4_1", 32, 20}, dequant::q4_1},
    {TensorType::kQ5_0, {"Q5_0", 32, 22}, dequant::q5_0},
    {TensorType::kQ5_1, {"Q5_1", 32, 24}, dequant::q5_1},
    {TensorType::kQ8_0, {"Q8_0", 32, 34}, dequant::q8_0},
    {TensorType::kQ2_K, {"Q2_K", 256, 84}, dequant::q2_k},
    {TensorType::kQ3_K, {"Q3_K", 256, 110}, dequant::q3_k},
    {TensorType::kQ4_K, {"Q4_K", 256, 144}, dequant::q4_k},
    {TensorType::kQ5_K, {"Q5_K", 256, 176}, dequant::q5_k},
    {TensorType::kQ6_K, {"Q6_K", 256, 210}, dequant::q6_k},
    {TensorType::kIQ4_NL, {"IQ4_NL", 32, 18}, dequant::iq4_nl},
    {TensorType::kIQ4_XS, {"IQ4_XS", 256, 136}, dequant::iq4_xs},
    {TensorType::kMXFP4, {"MXFP4", 32, 17}, dequant::mxfp4},
};
const Entry* find(TensorType t) {
  for (const Entry& e : kTypes)
    if (e.type == t) return &e;
  return nullptr;
}

}  // namespace

const TensorTypeInfo* tensor_type_info(TensorType t) {
  const Entry* e = find(t);
  return e ? &e->info : nullptr;
}

void dequantize(TensorType t, const std::byte* blocks, std::int64_t n, float* out) {
  const Entry* e = find(t);
  PONDER_CHECK(e && n % e->info.block_values == 0);
  e->expand(blocks, n / e->info.block_values, out);
}

}  // namespace ponder
