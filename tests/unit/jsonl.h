// Files of test data with one JSON value a line.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ponder::test {

/// `path`: below tests/data.
inline std::vector<nlohmann::json> read_jsonl(const std::string& path) {
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/" + path);
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

}  // namespace ponder::test
