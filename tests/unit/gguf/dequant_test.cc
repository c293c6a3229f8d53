// Dequantisation of every type against reference values (ggml's C dequantisers), bit for bit.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "ponder/gguf.h"

namespace ponder {
namespace {

std::string read(const std::string& name) {
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/quants/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Dequantize, EveryTypeBitForBit) {
  const auto index = nlohmann::json::parse(read("index.json"));
  int n_types = 0;
  for (const auto& row : index) {
    const std::string name = row["type"];
    const auto type = static_cast<TensorType>(row["ggml_type_id"].get<int>());
    const TensorTypeInfo* info = tensor_type_info(type);
    ASSERT_TRUE(info) << name;
    EXPECT_EQ(info->name, name);
    EXPECT_EQ(info->block_values, row["block_values"].get<int>());
    EXPECT_EQ(info->block_bytes, row["block_bytes"].get<int>());
    const std::string blocks = "x" + read(name + ".bin"),
                      npy = read(name + ".npy");  // one byte off: blocks may be unaligned
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
  EXPECT_EQ(n_types, 15);
}

}  // namespace
}  // namespace ponder
