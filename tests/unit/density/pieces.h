// A model file in pieces, which can be put together with some of them changed.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gguf/bytes.h"
#include "ponder/model/gguf.h"

namespace ponder::test {

// A metadata value as bytes, in the widest type of its kind.
struct Value {
  std::uint32_t type;
  std::string bytes;
};
template <class T, class F>
Value array(std::uint32_t type, const std::vector<T>& items, const F& bytes) {
  std::string s = raw(type) + raw<std::uint64_t>(items.size());
  for (const T& x : items) s += bytes(x);
  return {9, s};
}
inline Value value_of(const GgufValue& v) {
  if (const auto* x = std::get_if<std::int64_t>(&v.v)) return {11, raw(*x)};
  if (const auto* x = std::get_if<std::uint64_t>(&v.v)) return {10, raw(*x)};
  if (const auto* x = std::get_if<double>(&v.v)) return {12, raw(*x)};
  if (const auto* x = std::get_if<bool>(&v.v)) return {7, raw<std::uint8_t>(*x)};
  if (const auto* x = std::get_if<std::string_view>(&v.v)) return {8, str(std::string(*x))};
  const GgufArray& a = *std::get<std::shared_ptr<GgufArray>>(v.v);
  if (const auto* x = std::get_if<std::vector<std::int64_t>>(&a.items))
    return array(11, *x, [](std::int64_t i) { return raw(i); });
  if (const auto* x = std::get_if<std::vector<double>>(&a.items))
    return array(12, *x, [](double i) { return raw(i); });
  if (const auto* x = std::get_if<std::vector<bool>>(&a.items))
    return array(7, *x, [](bool i) { return raw<std::uint8_t>(i); });
  return array(8, std::get<std::vector<std::string_view>>(a.items),
               [](std::string_view s) { return str(std::string(s)); });
}

inline Value value_of(const nlohmann::json& j) {
  if (j.is_string()) return {8, str(j.get<std::string>())};
  if (j.is_boolean()) return {7, raw<std::uint8_t>(j.get<bool>())};
  if (j.is_number_integer()) return {11, raw(j.get<std::int64_t>())};
  return {12, raw(j.get<double>())};
}

struct Tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::uint32_t type;
  std::string data;
};

struct Pieces {
  std::map<std::string, Value> metadata;
  std::vector<Tensor> tensors;

  explicit Pieces(const GgufFile& f) {
    for (const auto& [k, v] : f.metadata()) metadata[k] = value_of(v);
    for (const GgufTensor& t : f.tensors())
      tensors.push_back({t.name,
                         {t.shape.begin(), t.shape.end()},
                         static_cast<std::uint32_t>(t.type),
                         {reinterpret_cast<const char*>(t.data), t.n_bytes}});
  }
  std::string bytes() const {
    GgufBytes g;
    for (const auto& [k, v] : metadata) g.add_key(key(k, v.type, v.bytes));
    for (const Tensor& t : tensors) {
      std::string info = str(t.name) + raw(static_cast<std::uint32_t>(t.shape.size()));
      for (auto d : t.shape) info += raw(d);
      g.add_tensor(info + raw(t.type) + raw<std::uint64_t>(g.data.size()));
      g.data += t.data;
      g.data.resize((g.data.size() + 31) / 32 * 32);
    }
    return g.bytes();
  }
};

}  // namespace ponder::test
