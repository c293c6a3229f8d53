// Buffer: uninitialised, 64-byte aligned memory for numbers (base/pages.h). A large buffer costs
// only the part that is used.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "base/pages.h"

namespace ponder {

template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(std::size_t n) { grow(n); }
  Buffer(Buffer&& o) noexcept
      : data_(std::exchange(o.data_, nullptr)), n_(std::exchange(o.n_, 0)) {}
  Buffer& operator=(Buffer&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(n_, o.n_);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  /// Makes room for at least n values; old values are lost when the buffer grows.
  void grow(std::size_t n) {
    if (n <= n_) return;
    std::free(data_);
    n_ = 0;
    data_ = nullptr;
    data_ = static_cast<T*>(aligned_memory(n * sizeof(T)));
    n_ = n;
  }
  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return n_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  std::size_t n_ = 0;
};

}  // namespace ponder
