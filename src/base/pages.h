// Memory in pages of 2 MB where the system has them: reading weights from the first byte to the
// last is a quarter faster than over pages of 4 KB, and a batch whose arrays lie in them a tenth
// (docs/adr/0008-kv.md). Not for large memory that is touched here and there.
#pragma once

#include <cstddef>
#include <memory>

namespace ponder {

/// n bytes, 64-byte aligned, uninitialised, for std::free. Pages are not touched before they are
/// written, so what is not used costs nothing. Throws std::bad_alloc.
void* aligned_memory(std::size_t n);

/// Gives out parts of large memory.
class Pages {
 public:
  /// n bytes, 64-byte aligned, uninitialised; they stay as long as the pointer does. Throws
  /// std::bad_alloc.
  std::shared_ptr<std::byte> take(std::size_t n);

 private:
  std::shared_ptr<std::byte> chunk_;
  std::size_t used_ = 0, size_ = 0;
};

}  // namespace ponder
