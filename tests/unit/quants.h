// Reference tensors of every type: blocks, values and an index (tests/data/quants).
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace ponder::test {

inline std::string read_quants(const std::string& name) {
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/quants/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}
inline nlohmann::json quants_index() { return nlohmann::json::parse(read_quants("index.json")); }

}  // namespace ponder::test
