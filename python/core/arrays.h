// Vectors as arrays of NumPy: the array owns the vector, nothing is copied, and nobody can write.
// And back: numbers that Python has made are copied.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace ponder::python {

template <class T>
using Array = nanobind::ndarray<nanobind::numpy, const T>;

/// `shape`: its product is the vector's size.
template <class T>
Array<T> array_of(std::vector<T> values, std::initializer_list<std::size_t> shape) {
  auto held = std::make_unique<std::vector<T>>(std::move(values));
  const T* data = held->data();
  const nanobind::capsule owner(held.release(),
                                [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return Array<T>(data, shape, owner);
}

template <class T>
Array<T> array_of(std::vector<T> values) {
  const std::size_t n = values.size();
  return array_of(std::move(values), {n});
}

/// Copies the numbers of an array that Python has made and checked; `out` has its size.
inline void take(const nanobind::object& array, std::span<double> out) {
  const auto values = nanobind::cast<nanobind::ndarray<const double, nanobind::c_contig>>(array);
  if (values.size() != out.size()) throw nanobind::value_error("as many numbers as were asked for");
  std::copy_n(values.data(), out.size(), out.begin());
}

}  // namespace ponder::python
