// Builds the bytes of small GGUF files for tests, right or wrong in any one place.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace ponder::test {

template <class T>
std::string raw(T v) {
  std::string s(sizeof v, '\0');
  std::memcpy(s.data(), &v, sizeof v);
  return s;
}
inline std::string str(const std::string& s) { return raw<std::uint64_t>(s.size()) + s; }
inline std::string key(const std::string& k, std::uint32_t type, const std::string& value) {
  return str(k) + raw(type) + value;
}
inline std::string tensor(const std::string& name, std::initializer_list<std::uint64_t> dims,
                          std::uint32_t type, std::uint64_t offset) {
  std::string s = str(name) + raw(static_cast<std::uint32_t>(dims.size()));
  for (auto d : dims) s += raw(d);
  return s + raw(type) + raw(offset);
}

struct GgufBytes {
  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t n_tensors = 0, n_keys = 0;
  std::string keys, infos;
  std::string data;
  std::size_t alignment = 32;
  GgufBytes& add_key(const std::string& bytes) {
    keys += bytes;
    ++n_keys;
    return *this;
  }
  GgufBytes& add_tensor(const std::string& bytes) {
    infos += bytes;
    ++n_tensors;
    return *this;
  }
  std::string bytes() const {
    std::string s = magic + raw(version) + raw(n_tensors) + raw(n_keys) + keys + infos;
    s.resize((s.size() + alignment - 1) / alignment * alignment);
    return s + data;
  }
};

}  // namespace ponder::test
