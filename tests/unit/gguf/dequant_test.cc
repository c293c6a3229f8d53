// Dequantisation of every type compared with reference values (ggml's C dequantisers), bit for bit.
#include <gtest/gtest.h>

#include <cstring>

#include "ponder/model/gguf.h"
#include "quants.h"

namespace ponder {
namespace {

TEST(Dequantize, EveryTypeBitForBit) {
  const auto index = test::quants_index();
  int n_types = 0;
  for (const auto& row : index) {
    const std::string name = row["type"];
    const auto type = static_cast<TensorType>(row["ggml_type_id"].get<int>());
    const TensorTypeInfo* info = tensor_type_info(type);
    ASSERT_TRUE(info) << name;
    EXPECT_EQ(info->name, name);
    EXPECT_EQ(info->block_values, row["block_values"].get<int>());
    EXPECT_EQ(info->block_bytes, row["block_bytes"].get<int>());
    const std::string blocks = "x" + test::read_quants(name + ".bin"),
                      // shifted by one byte, since blocks may be unaligned
        npy = test::read_quants(name + ".npy");
    const auto n = row["n_values"].get<std::int64_t>();
    std::vector<float> got(n);
    dequantize(type, reinterpret_cast<const std::byte*>(blocks.data()) + 1, n, got.data());
    const char* want = npy.data() + npy.size() - n * 4;
    for (std::int64_t i = 0; i < n; ++i) {
      float w;
      std::memcpy(&w, want + i * 4, 4);
      ASSERT_EQ(got[i], w) << name << " value " << i;
    }
    ++n_types;
  }
  EXPECT_EQ(n_types, 24);
}

}  // namespace
}  // namespace ponder
