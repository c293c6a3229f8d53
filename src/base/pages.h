// Memory in pages of 2 MB where the system has them: reading weights from the first byte to the
// last is a quarter faster than over pages of 4 KB, and a batch whose arrays lie in such pages is a
// tenth faster (docs/adr/0008-kv.md). Not for large memory that is used sparsely.
#pragma once

#include <cstddef>
#include <memory>

namespace ponder {

/// Allocates n bytes, 64-byte aligned, uninitialised, to be freed by std::free. Pages take no
/// memory before they are written, so an unused part costs nothing. Throws std::bad_alloc.
void* aligned_memory(std::size_t n);

/// Hands out parts of large blocks of memory.
class Pages {
 public:
  /// chunk: the least number of bytes of a block.
  explicit Pages(std::size_t chunk = std::size_t{32} << 20) : chunk_bytes_(chunk) {}
  /// Returns n bytes, 64-byte aligned, uninitialised, which live as long as the pointer. Throws
  /// std::bad_alloc.
  std::shared_ptr<std::byte> take(std::size_t n);

 private:
  std::shared_ptr<std::byte> chunk_;
  std::size_t chunk_bytes_, used_ = 0, size_ = 0;
};

}  // namespace ponder
