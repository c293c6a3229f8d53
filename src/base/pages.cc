// Chunks of the system's memory, handed out from the front.
#include "base/pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace ponder {
namespace {

constexpr std::size_t kPage = 2 << 20, kLine = 64;
std::size_t round_to(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

void* aligned_memory(std::size_t n) {
  const bool large = n >= kPage;
  void* memory = nullptr;
  if (posix_memalign(&memory, large ? kPage : kLine, n) != 0) throw std::bad_alloc();
  if (large)
    madvise(memory, n / kPage * kPage, MADV_HUGEPAGE);  // only a request: where it fails, pages are
                                                        // small
  return memory;
}

std::shared_ptr<std::byte> Pages::take(std::size_t n) {
  n = round_to(n, kLine);
  if (used_ + n > size_) {
    const std::size_t size = round_to(std::max(n, chunk_bytes_), kPage);
    chunk_.reset(static_cast<std::byte*>(aligned_memory(size)), std::free);
    size_ = size;
    used_ = 0;
  }
  used_ += n;
  return {chunk_, chunk_.get() + used_ - n};
}

}  // namespace ponder
