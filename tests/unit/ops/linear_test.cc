// One matrix in all its forms: left in the file, packed, lean. The same bits from each, for every
// tensor type, alone and stacked with others.
#include "ops/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "base/buffer.h"
#include "gguf/levels.h"
#include "quants.h"

namespace ponder {
namespace {

// Blocks of one type as a matrix.
struct Matrix {
  Matrix(const nlohmann::json& row, int n_in)
      : blocks(test::read_quants(row["type"].get<std::string>() + ".bin")) {
    tensor.name = row["type"];
    tensor.type = static_cast<TensorType>(row["ggml_type_id"].get<int>());
    tensor.n_values = row["n_values"].get<std::int64_t>() / n_in * n_in;
    tensor.shape = {n_in, tensor.n_values / n_in};
    tensor.data = reinterpret_cast<const std::byte*>(blocks.data());
  }
  std::string blocks;
  GgufTensor tensor;
};

const GemmKernel& kernel(Compute c) { return gemm_kernel(c); }

// C of m rows of normal inputs.
std::vector<float> product(const Linear& w, Compute compute, int m) {
  const int lda = a_stride(w.n_in()), ldc = w.n_padded();
  std::mt19937 rng(3);
  std::normal_distribution<float> normal;
  Buffer<std::byte> a(static_cast<std::size_t>(round_up(m, kRowBlock)) * lda *
                      compute_bytes(compute));
  std::memset(a.data(), 0, a.size());
  for (int i = 0; i < m; ++i)
    for (int k = 0; k < w.n_in(); ++k) {
      const float x = normal(rng);
      if (compute == Compute::kF32)
        reinterpret_cast<float*>(a.data())[i * lda + k] = x;
      else
        reinterpret_cast<BF16*>(a.data())[i * lda + k] = to_bf16(x);
    }
  Buffer<float> c(static_cast<std::size_t>(round_up(m, kRowBlock)) * ldc);
  w.forward(a.data(), lda, m, c.data(), ldc, 2);
  std::vector<float> out;
  for (int i = 0; i < m; ++i)
    out.insert(out.end(), c.data() + i * ldc, c.data() + i * ldc + w.n_out());
  return out;
}

void expect_same_bits(const std::vector<const GgufTensor*>& parts, const std::string& name) {
  for (const Compute compute : {Compute::kF32, Compute::kBF16}) {
    Pages pages;
    const auto linear = [&](WeightForm w) { return Linear(parts, kernel(compute), w, pages, 2); };
    const Linear file = linear(WeightForm::kQuantised), packed = linear(WeightForm::kPacked),
                 lean = linear(WeightForm::kLean);
    for (const int m : {1, 2, 3, 4, 5, 6, 7, 8, 13, 150}) {
      const auto want = product(file, compute, m), got = product(packed, compute, m),
                 third = product(lean, compute, m);
      ASSERT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * 4))
          << name << " " << kernel(compute).isa << " rows " << m;
      ASSERT_EQ(0, std::memcmp(want.data(), third.data(), want.size() * 4))
          << "lean " << name << " " << kernel(compute).isa << " rows " << m;
      ASSERT_TRUE(std::any_of(want.begin(), want.end(),
                              [](float v) { return std::isfinite(v) && v != 0; }));
    }
  }
}

TEST(Linear, EveryTypeHasTheSameBitsInEveryForm) {
  for (const auto& row : test::quants_index()) {
    const int n_in = row["block_values"] == 256 ? 256 : 64;
    const Matrix w(row, n_in);
    expect_same_bits({&w.tensor}, w.tensor.name);
  }
}

TEST(Linear, StackedTensorsOfDifferentTypes) {
  std::map<std::string, nlohmann::json> index;
  for (const auto& row : test::quants_index()) index[row["type"]] = row;
  for (const auto& [one, other] : {std::pair{"Q4_K", "Q6_K"},
                                   {"Q4_0", "Q4_1"},
                                   {"Q2_K", "Q4_1"},
                                   {"Q4_K", "Q5_K"},
                                   {"Q4_K", "Q3_K"},
                                   {"MXFP4", "Q8_0"},
                                   {"IQ3_S", "Q6_K"},
                                   {"TQ2_0", "Q4_K"},
                                   {"IQ1_S", "IQ2_XS"},
                                   {"Q4_1", "F16"}}) {
    const int n_in =
        index[one]["block_values"] == 256 || index[other]["block_values"] == 256 ? 256 : 64;
    const Matrix a(index[one], n_in), b(index[other], n_in);
    expect_same_bits({&a.tensor, &b.tensor}, std::string(one) + " " + other);
  }
}

TEST(Linear, CompactFormsAreAsNarrowAsTheLevelsAllow) {
  const auto form = [](std::vector<TensorType> types, std::int64_t n_in) {
    std::vector<GgufTensor> tensors;
    std::vector<const GgufTensor*> parts;
    for (TensorType t : types) tensors.push_back({.name = "", .type = t, .shape = {n_in, 32}});
    for (const GgufTensor& t : tensors) parts.push_back(&t);
    return compact_form(parts);
  };
  using enum TensorType;
  EXPECT_FALSE(form({kQ4_0}, 256)->eight_bits);
  EXPECT_EQ(form({kQ4_0}, 256)->zero, -8);
  EXPECT_TRUE(form({kQ4_0, kQ4_1}, 256)->eight_bits);  // -8 … 15
  EXPECT_TRUE(form({kQ8_0}, 256)->eight_bits);
  EXPECT_TRUE(form({kQ4_K, kQ6_K}, 256)->per_16);
  EXPECT_FALSE(form({kQ4_1, kF16}, 256));
  EXPECT_FALSE(form({kQ4_1}, 48));
  using enum CompactForm::Scales;
  EXPECT_EQ(form({kQ4_1}, 576)->scales, kHalves);
  EXPECT_EQ(form({kQ4_1}, 576)->panel_bytes(576), 576u * 32 * 5 / 8);
  EXPECT_EQ(form({kQ4_0}, 576)->panel_bytes(576), 576u * 32 * 9 / 16);
  EXPECT_EQ(form({kQ4_K}, 512)->scales, kIntegers);
  EXPECT_EQ(form({kQ4_K}, 512)->panel_bytes(512), 512u * 32 * 37 / 64);  // 4.625 bits a weight
  EXPECT_EQ(form({kQ6_K}, 512)->panel_bytes(512), 512u * 32 * 137 / 128);
  EXPECT_EQ(form({kQ4_K, kQ6_K}, 512)->scales, kIntegers);
  EXPECT_EQ(form({kQ4_K, kQ8_0}, 512)->scales, kFloats);
  EXPECT_EQ(form({kMXFP4}, 512)->scales, kFloats);
  const auto bits = [&](TensorType t) {  // a weight
    return static_cast<double>(form({t}, 512)->panel_bytes(512)) * 8 / (512 * 32);
  };
  EXPECT_EQ(bits(kTQ1_0), 4.3125);
  EXPECT_EQ(bits(kTQ2_0), 4.3125);
  EXPECT_EQ(bits(kIQ1_S), 6);
  EXPECT_EQ(bits(kIQ3_S), 8.3125);
  EXPECT_EQ(bits(kIQ4_XS), 8.3125);
  EXPECT_EQ(bits(kIQ4_NL), 8.5);
  for (const TensorType t : {kIQ2_XXS, kIQ3_XXS, kMXFP4}) EXPECT_EQ(bits(t), 9);
  for (const TensorType t : {kIQ1_M, kIQ2_XS, kIQ2_S}) EXPECT_EQ(bits(t), 10);
}

}  // namespace
}  // namespace ponder
