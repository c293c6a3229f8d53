// Any bytes as a GGUF file: an error or a file whose tensors lie inside it and can be expanded.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "ponder/model/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ponder;
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  const auto file = GgufFile::parse({begin, size}, "fuzz");
  if (!file.ok()) return 0;
  std::vector<float> row;
  for (const GgufTensor& t : (*file)->tensors()) {
    if (t.data < begin || t.data + t.n_bytes > begin + size) std::abort();
    const std::int64_t n = std::min<std::int64_t>(t.shape[0], 4096) /
                           tensor_type_info(t.type)->block_values *
                           tensor_type_info(t.type)->block_values;
    row.resize(static_cast<std::size_t>(n));
    dequantize(t.type, t.data, n, row.data());
  }
  for (const auto& [key, value] : (*file)->metadata()) {
    (void)(*file)->get_int(key).ok();
    (void)(*file)->get_float(key).ok();
    (void)(*file)->get_string(key).ok();
    (void)(*file)->bool_or(key, false).ok();
    if (const GgufArray* a = (*file)->find_array(key)) (void)a->size();
  }
  return 0;
}
