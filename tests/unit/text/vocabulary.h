// Vocabulary: a tokenizer read from the bytes of a made-up GGUF file. It keeps the bytes, since the
// tokenizer's file points into them. And such bytes, from the keys that a line of test data has.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "gguf/bytes.h"
#include "ponder/model/tokenizer.h"

namespace ponder::test {

// The value of an array, whose elements have this type of GGUF.
template <class T, class F>
std::string array_of(std::uint32_t type, const nlohmann::json& items, const F& bytes) {
  std::string s = raw(type) + raw<std::uint64_t>(items.size());
  for (const auto& x : items) s += bytes(x.get<T>());
  return s;
}

// A GGUF file that holds a vocabulary and nothing else: keys as in GGUF without "tokenizer.ggml.",
// and "name", which is general.name.
inline std::string gguf_of(const nlohmann::json& v) {
  GgufBytes g;
  const auto add = [&](const char* k, std::uint32_t type, const std::string& value) {
    g.add_key(key(std::string("tokenizer.ggml.") + k, type, value));
  };
  for (const char* k : {"model", "pre"})
    if (v.contains(k)) add(k, 8, str(v[k]));
  for (const char* k : {"add_space_prefix", "remove_extra_whitespaces", "escape_whitespaces",
                        "treat_whitespace_as_suffix"})
    if (v.contains(k)) add(k, 7, raw<std::uint8_t>(v[k].get<bool>()));
  for (const char* k : {"tokens", "merges"})
    if (v.contains(k))
      add(k, 9, array_of<std::string>(8, v[k], [](const std::string& s) { return str(s); }));
  add("token_type", 9, array_of<int>(5, v["token_type"], [](int x) { return raw(x); }));
  if (v.contains("scores"))
    add("scores", 9, array_of<float>(6, v["scores"], [](float x) { return raw(x); }));
  if (v.contains("precompiled_charsmap"))
    add("precompiled_charsmap", 9,
        array_of<std::uint8_t>(0, v["precompiled_charsmap"],
                               [](std::uint8_t x) { return raw(x); }));
  if (v.contains("name")) g.add_key(key("general.name", 8, str(v["name"])));
  return g.bytes();
}

class Vocabulary {
 public:
  explicit Vocabulary(std::string bytes) : bytes_(std::move(bytes)) {
    const auto file =
        GgufFile::parse({reinterpret_cast<const std::byte*>(bytes_.data()), bytes_.size()}, "test");
    EXPECT_TRUE(file.ok());
    auto t = Tokenizer::from_gguf(*file);
    EXPECT_TRUE(t.ok()) << (t.ok() ? "" : t.error().message());
    tokenizer_ = *t;
  }
  const Tokenizer* operator->() const { return tokenizer_.get(); }

 private:
  std::string bytes_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

}  // namespace ponder::test
