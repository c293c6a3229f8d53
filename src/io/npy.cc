// Writes header and values in one file.
#include "ponder/core/files.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace ponder {

Status write_npy(const std::string& path, std::span<const float> values,
                 const std::vector<std::int64_t>& shape) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (std::int64_t n : shape) header += std::to_string(n) + ",";
  header += "), }";
  // magic, version, length; the header is padded to a multiple of 64 bytes with a newline at the
  // end
  constexpr std::size_t kPreamble = 10;
  header.resize((kPreamble + header.size() + 1 + 63) / 64 * 64 - kPreamble - 1, ' ');
  header += '\n';
  std::ofstream out(path, std::ios::binary);
  out.write("\x93NUMPY\x01\x00", 8);
  const char length[2] = {static_cast<char>(header.size() & 255),
                          static_cast<char>(header.size() >> 8)};
  out.write(length, 2);
  out << header;
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  out.close();
  if (!out)
    return Error{Code::kIo, "to write " + std::to_string(values.size()) + " values",
                 std::strerror(errno), path, "check the folder and the free space"};
  return {};
}

}  // namespace ponder
