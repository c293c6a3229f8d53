// Chunks of the system's memory, given out from the front.
#include "base/pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace ponder {
namespace {

constexpr std::size_t kPage = 2 << 20, kChunk = 32 << 20, kLine = 64;
std::size_t round_to(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

std::shared_ptr<std::byte> Pages::take(std::size_t n) {
  n = round_to(n, kLine);
  if (used_ + n > size_) {
    size_ = round_to(std::max(n, kChunk), kPage);
    used_ = 0;
    chunk_.reset(static_cast<std::byte*>(std::aligned_alloc(kPage, size_)), std::free);
    if (!chunk_) {
      size_ = 0;
      throw std::bad_alloc();
    }
    madvise(chunk_.get(), size_, MADV_HUGEPAGE);  // a wish: without it pages are small
  }
  used_ += n;
  return {chunk_, chunk_.get() + used_ - n};
}

}  // namespace ponder
