// Pages: memory for many large blocks, in pages of 2 MB where the system has them: reading weights from the first byte
// to the last is a quarter faster than over pages of 4 KB. Not for memory that is mostly left untouched.
#pragma once

#include <cstddef>
#include <memory>

namespace ponder {

class Pages {
 public:
  /// n bytes, 64-byte aligned, uninitialised; they stay as long as the pointer does. Throws std::bad_alloc.
  std::shared_ptr<std::byte> take(std::size_t n);

 private:
  std::shared_ptr<std::byte> chunk_;
  std::size_t used_ = 0, size_ = 0;
};

}  // namespace ponder
