// Vectors as arrays of NumPy: the array owns the vector, nothing is copied, and nobody can write.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
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

}  // namespace ponder::python
