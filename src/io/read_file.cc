// Reads whole files into memory.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "ponder/core/files.h"

namespace ponder {

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code none;
  if (!in || std::filesystem::is_directory(path, none))
    return Error{Code::kNotFound, "a readable file",
                 std::filesystem::exists(path, none) ? "something else" : "no such file", path,
                 "check the path"};
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

}  // namespace ponder
