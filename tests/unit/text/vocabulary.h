// Vocabulary: a tokenizer read from the bytes of a made-up GGUF file. It keeps the bytes, since the
// tokenizer's file points into them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "ponder/model/tokenizer.h"

namespace ponder::test {

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
