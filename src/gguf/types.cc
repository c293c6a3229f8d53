// The table of tensor types, and the values of blocks from the levels that each family's file
// unpacks.
#include "base/check.h"
#include "gguf/dequant.h"

namespace ponder {
namespace {

struct Entry {
  TensorType type;
  TensorTypeInfo info;
  void (*expand)(const std::byte*, std::int64_t n, float*);  // types that are not quantised
  // other types: unpacks one block into levels
  void (*split)(const std::byte*, const Levels&);
  LevelRange range;
};
constexpr Entry kTypes[] = {
    {TensorType::kF32, {"F32", 1, 4}, dequant::f32, nullptr, {}},
    {TensorType::kF16, {"F16", 1, 2}, dequant::f16, nullptr, {}},
    {TensorType::kBF16, {"BF16", 1, 2}, dequant::bf16, nullptr, {}},
    {TensorType::kQ4_0, {"Q4_0", 32, 18}, nullptr, dequant::q4_0, {-8, 7, false, 0}},
    {TensorType::kQ4_1, {"Q4_1", 32, 20}, nullptr, dequant::q4_1, {0, 15, false, 0, 2}},
    {TensorType::kQ5_0, {"Q5_0", 32, 22}, nullptr, dequant::q5_0, {-16, 15, false, 0}},
    {TensorType::kQ5_1, {"Q5_1", 32, 24}, nullptr, dequant::q5_1, {0, 31, false, 0, 2}},
    {TensorType::kQ8_0, {"Q8_0", 32, 34}, nullptr, dequant::q8_0, {-128, 127, false, 0}},
    {TensorType::kQ2_K, {"Q2_K", 256, 84}, nullptr, dequant::q2_k, {0, 3, true, 80, 82, true}},
    {TensorType::kQ3_K, {"Q3_K", 256, 110}, nullptr, dequant::q3_k, {-4, 3, true, 108}},
    {TensorType::kQ4_K, {"Q4_K", 256, 144}, nullptr, dequant::q4_k, {0, 15, false, 0, 2, true}},
    {TensorType::kQ5_K, {"Q5_K", 256, 176}, nullptr, dequant::q5_k, {0, 31, false, 0, 2, true}},
    {TensorType::kQ6_K, {"Q6_K", 256, 210}, nullptr, dequant::q6_k, {-32, 31, true, 208}},
    {TensorType::kIQ4_NL, {"IQ4_NL", 32, 18}, nullptr, dequant::iq4_nl, {-127, 113, false, 0}},
    {TensorType::kIQ4_XS, {"IQ4_XS", 256, 136}, nullptr, dequant::iq4_xs, {-127, 113, false, 0}},
    {TensorType::kMXFP4, {"MXFP4", 32, 17}, nullptr, dequant::mxfp4, {-12, 12, false}},
    {TensorType::kIQ2_XXS, {"IQ2_XXS", 256, 66}, nullptr, dequant::iq2_xxs, {-43, 43, false}},
    {TensorType::kIQ2_XS, {"IQ2_XS", 256, 74}, nullptr, dequant::iq2_xs, {-43, 43, true}},
    {TensorType::kIQ2_S, {"IQ2_S", 256, 82}, nullptr, dequant::iq2_s, {-43, 43, true}},
    {TensorType::kIQ3_XXS, {"IQ3_XXS", 256, 98}, nullptr, dequant::iq3_xxs, {-62, 62, false}},
    {TensorType::kIQ3_S, {"IQ3_S", 256, 110}, nullptr, dequant::iq3_s, {-15, 15, false, 0}},
    {TensorType::kIQ1_S, {"IQ1_S", 256, 50}, nullptr, dequant::iq1_s, {-1, 1, false, -1, 0}},
    {TensorType::kIQ1_M, {"IQ1_M", 256, 56}, nullptr, dequant::iq1_m, {-9, 9, true}},
    {TensorType::kTQ1_0, {"TQ1_0", 256, 54}, nullptr, dequant::tq1_0, {-1, 1, false, 52}},
    {TensorType::kTQ2_0, {"TQ2_0", 256, 66}, nullptr, dequant::tq2_0, {-1, 2, false, 64}},
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

std::string tensor_type_names() {
  std::string names;
  for (const Entry& e : kTypes) names += (names.empty() ? "" : " ") + std::string(e.info.name);
  return names;
}

const LevelRange* level_range(TensorType t) {
  const Entry* e = find(t);
  return e && e->split ? &e->range : nullptr;
}

void split_levels(TensorType t, const std::byte* blocks, std::int64_t n, Levels out) {
  const Entry* e = find(t);
  PONDER_CHECK(e && e->split && n % e->info.block_values == 0);
  for (; n > 0; n -= e->info.block_values, blocks += e->info.block_bytes) {
    e->split(blocks, out);
    out.level += e->info.block_values;
    out.scale += e->info.block_values / 16;
    out.offset += e->info.block_values / 16;
  }
}

void dequantize(TensorType t, const std::byte* blocks, std::int64_t n, float* out) {
  const Entry* e = find(t);
  PONDER_CHECK(e && n % e->info.block_values == 0);
  if (e->expand) return e->expand(blocks, n, out);
  std::int8_t level[256];
  float scale[16], offset[16];
  const int block = e->info.block_values;
  for (; n > 0; n -= block, blocks += e->info.block_bytes) {
    e->split(blocks, {level, scale, offset});
    for (int j = 0; j < block / 16; ++j)
      for (int i = 0; i < 16; ++i)
        *out++ = static_cast<float>(level[j * 16 + i]) * scale[j] + offset[j];
  }
}

}  // namespace ponder
