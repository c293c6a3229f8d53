// Reading GGUF: every kind of value, both versions, split files; and hostile files, each with its
// own error.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "bytes.h"
#include "ponder/model/gguf.h"

namespace ponder {
namespace {

using namespace test;

Result<std::shared_ptr<const GgufFile>> parse(const std::string& s) {
  return GgufFile::parse({reinterpret_cast<const std::byte*>(s.data()), s.size()}, "test.gguf");
}
GgufBytes small() {
  GgufBytes g;
  g.add_key(key("general.architecture", 8, str("llama")));
  g.add_tensor(tensor("a", {8, 2}, 0, 0));
  g.add_tensor(tensor("b", {32}, 8, 64));
  g.data = std::string(64 + 34, '\x01');
  return g;
}

TEST(Gguf, ReadsBothVersionsAndEveryValueType) {
  for (const std::uint32_t version : {2u, 3u}) {
    GgufBytes g = small();
    g.version = version;
    g.add_key(key("u8", 0, raw<std::uint8_t>(200))).add_key(key("i8", 1, raw<std::int8_t>(-3)));
    g.add_key(key("u16", 2, raw<std::uint16_t>(60000)))
        .add_key(key("i16", 3, raw<std::int16_t>(-300)));
    g.add_key(key("u32", 4, raw<std::uint32_t>(4000000000u)))
        .add_key(key("i32", 5, raw<std::int32_t>(-70000)));
    g.add_key(key("f32", 6, raw(1.5f))).add_key(key("bool", 7, raw<std::uint8_t>(1)));
    g.add_key(key("u64", 10, raw<std::uint64_t>(~0ull)))
        .add_key(key("i64", 11, raw<std::int64_t>(-5)));
    g.add_key(key("f64", 12, raw(2.25)));
    g.add_key(
        key("strings", 9, raw<std::uint32_t>(8) + raw<std::uint64_t>(2) + str("x") + str("")));
    g.add_key(key("nested", 9,
                  raw<std::uint32_t>(9) + raw<std::uint64_t>(1) + raw<std::uint32_t>(4) +
                      raw<std::uint64_t>(2) + raw<std::uint32_t>(7) + raw<std::uint32_t>(9)));
    const std::string bytes = g.bytes();
    const auto f = parse(bytes);
    ASSERT_TRUE(f.ok()) << f.error().message();
    const GgufFile& file = **f;
    EXPECT_EQ(file.version(), static_cast<int>(version));
    EXPECT_EQ(*file.get_int("u8"), 200);
    EXPECT_EQ(*file.get_int("i8"), -3);
    EXPECT_EQ(*file.get_int("u16"), 60000);
    EXPECT_EQ(*file.get_int("i16"), -300);
    EXPECT_EQ(*file.get_int("u32"), 4000000000);
    EXPECT_EQ(*file.get_int("i32"), -70000);
    EXPECT_EQ(*file.get_int("i64"), -5);
    EXPECT_EQ(*file.get_float("f32"), 1.5);
    EXPECT_EQ(*file.get_float("f64"), 2.25);
    EXPECT_EQ(*file.get_float("u8"), 200);
    EXPECT_EQ(*file.bool_or("bool", false), true);
    EXPECT_EQ(*file.get_string("general.architecture"), "llama");
    EXPECT_FALSE(file.get_int("u64").ok());  // out of range
    EXPECT_FALSE(file.get_int("f32").ok());
    EXPECT_FALSE(file.get_string("none").ok());
    EXPECT_FALSE(file.int_or("bool", 1).ok());
    EXPECT_EQ(*file.int_or("none", 7), 7);
    EXPECT_EQ(std::get<std::vector<std::string_view>>(file.find_array("strings")->items)[0], "x");
    EXPECT_EQ(std::get<std::vector<GgufValue>>(file.find_array("nested")->items).size(), 1u);
    ASSERT_EQ(file.tensors().size(), 2u);
    EXPECT_EQ(file.find("b")->n_bytes, 34u);
    EXPECT_EQ(file.find("a")->row_bytes(), 32);
    EXPECT_EQ(static_cast<int>(*file.find("b")->data), 1);
    EXPECT_EQ(file.sha256().size(), 64u);
  }
}

struct Hostile {
  const char* name;
  const char* error;
  std::string bytes;
};

std::vector<Hostile> hostile() {
  std::vector<Hostile> all;
  const auto change = [&](const char* name, const char* error, auto f) {
    GgufBytes g = small();
    f(g);
    all.push_back({name, error, g.bytes()});
  };
  all.push_back({"empty", "an empty file", ""});
  all.push_back({"html", "a web page", "<!DOCTYPE html><html>"});
  all.push_back({"lfs", "git-lfs pointer", "version https://git-lfs.github.com/spec/v1\n"});
  all.push_back({"zip", "a zip archive", "PK\x03\x04________________"});
  all.push_back({"safetensors", "safetensors", raw<std::uint64_t>(100) + "{\"a\":1}   "});
  change("version", "version 1", [](auto& g) { g.version = 1; });
  change("big endian", "big-endian", [](auto& g) { g.version = 3u << 24; });
  change("tensor count", "counts that fit", [](auto& g) { g.n_tensors = 1ull << 60; });
  change("key count", "counts that fit", [](auto& g) { g.n_keys = ~0ull; });
  change("string length", "a string of at most", [](auto& g) {
    g.add_key(str("k") + raw<std::uint32_t>(8) + raw<std::uint64_t>(1ull << 62));
  });
  change("array length", "items", [](auto& g) {
    g.add_key(key("k", 9, raw<std::uint32_t>(4) + raw<std::uint64_t>(1ull << 61)));
  });
  change("array type", "a value type",
         [](auto& g) { g.add_key(key("k", 9, raw<std::uint32_t>(99) + raw<std::uint64_t>(1))); });
  change("value type", "a value type",
         [](auto& g) { g.add_key(key("k", 13, raw<std::uint64_t>(1))); });
  change("nesting", "nested at most", [](auto& g) {
    std::string s;
    for (int i = 0; i < 50; ++i) s += raw<std::uint32_t>(9) + raw<std::uint64_t>(1);
    g.add_key(key("k", 9, s));
  });
  change("key twice", "twice",
         [](auto& g) { g.add_key(key("general.architecture", 4, raw<std::uint32_t>(1))); });
  change("alignment", "power of two",
         [](auto& g) { g.add_key(key("general.alignment", 4, raw<std::uint32_t>(48))); });
  change("alignment 0", "power of two",
         [](auto& g) { g.add_key(key("general.alignment", 4, raw<std::uint32_t>(0))); });
  change("tensor twice", "twice", [](auto& g) { g.add_tensor(tensor("a", {8}, 0, 0)); });
  change("no dimensions", "1 to 4 dimensions",
         [](auto& g) { g.add_tensor(tensor("c", {}, 0, 0)); });
  change("five dimensions", "1 to 4 dimensions", [](auto& g) {
    g.add_tensor(tensor("c", {1, 1, 1, 1, 1}, 0, 0));
  });
  change("zero dimension", "dimensions of tensor c", [](auto& g) {
    g.add_tensor(tensor("c", {8, 0}, 0, 0));
  });
  change("product overflows", "dimensions of tensor c", [](auto& g) {
    g.add_tensor(tensor("c", {1ull << 33, 1ull << 33}, 0, 0));
  });
  change("tensor type", "of type F32", [](auto& g) { g.add_tensor(tensor("c", {8}, 4, 0)); });
  change("block", "in blocks of 32", [](auto& g) { g.add_tensor(tensor("c", {33}, 8, 0)); });
  change("outside", "inside the", [](auto& g) { g.add_tensor(tensor("c", {8}, 0, 1 << 20)); });
  change("offset wraps", "inside the",
         [](auto& g) { g.add_tensor(tensor("c", {8}, 0, ~0ull - 31)); });
  change("overlap", "inside another tensor",
         [](auto& g) { g.add_tensor(tensor("c", {8}, 0, 32)); });
  change("misaligned", "at a multiple of 32",
         [](auto& g) { g.add_tensor(tensor("c", {1}, 0, 4)); });
  change("truncated data", "inside the", [](auto& g) { g.data.resize(70); });
  return all;
}

TEST(Gguf, HostileFilesHaveClearErrors) {
  ASSERT_TRUE(parse(small().bytes()).ok());
  for (const Hostile& h : hostile()) {
    const auto f = parse(h.bytes);
    ASSERT_FALSE(f.ok()) << h.name;
    EXPECT_NE(f.error().message().find(h.error), std::string::npos)
        << h.name << ": " << f.error().message();
    EXPECT_NE(f.error().where.find("test.gguf"), std::string::npos) << h.name;
  }
}

TEST(Gguf, EveryTruncationAndManyFlipsAreHandled) {
  const std::string good =
      small()
          .add_key(key("s", 9, raw<std::uint32_t>(8) + raw<std::uint64_t>(2) + str("x") + str("y")))
          .bytes();
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(parse(good.substr(0, n)).ok()) << n;
  std::mt19937 rng(1);
  int ok = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string s = good;
    for (unsigned k = 0; k < 1 + rng() % 3; ++k) s[rng() % s.size()] = static_cast<char>(rng());
    ok += parse(s).ok();
  }
  EXPECT_GT(ok, 0);
  EXPECT_LT(ok, 20000);
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::temp_directory_path() / ("ponder-gguf-" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string put(const std::string& name, const std::string& bytes) {
    std::ofstream(dir_ / name, std::ios::binary) << bytes;
    return (dir_ / name).string();
  }
  std::filesystem::path dir_;
};

TEST_F(Folder, SplitFilesOpenFromAnyPart) {
  GgufBytes a = small(), b;
  a.add_key(key("split.count", 2, raw<std::uint16_t>(2)))
      .add_key(key("split.tensors.count", 5, raw<std::int32_t>(3)));
  b.add_key(key("split.no", 2, raw<std::uint16_t>(1))).add_tensor(tensor("c", {8}, 0, 0));
  b.data = std::string(32, '\x02');
  const std::string one = put("m-00001-of-00002.gguf", a.bytes()),
                    two = put("m-00002-of-00002.gguf", b.bytes());
  for (const std::string& path : {one, two}) {
    const auto f = GgufFile::open(path);
    ASSERT_TRUE(f.ok()) << f.error().message();
    EXPECT_EQ((*f)->tensors().size(), 3u);
    EXPECT_EQ(static_cast<int>(*(*f)->find("c")->data), 2);
    EXPECT_EQ((*f)->file_bytes(), a.bytes().size() + b.bytes().size());
  }
  std::filesystem::remove(two);
  for (const std::string& path : {one, two}) {
    const Error gone = GgufFile::open(path).error();
    EXPECT_EQ(gone.code, Code::kNotFound);
    EXPECT_NE(gone.message().find("part 2 of 2"), std::string::npos) << gone.message();
    EXPECT_NE(gone.message().find("m-00002-of-00002.gguf"), std::string::npos) << gone.message();
  }
  const std::string renamed = put("whole.gguf", a.bytes());
  EXPECT_NE(GgufFile::open(renamed).error().message().find("00001-of-00002"), std::string::npos);
}

TEST_F(Folder, APartOfAnotherSplitIsNotJoined) {
  GgufBytes a = small(), b;
  a.add_key(key("split.count", 2, raw<std::uint16_t>(2)));
  b.add_key(key("split.no", 2, raw<std::uint16_t>(2)))
      .add_key(key("split.count", 2, raw<std::uint16_t>(3)));
  b.add_tensor(tensor("c", {8}, 0, 0)).data = std::string(32, '\x02');
  const std::string one = put("m-00001-of-00002.gguf", a.bytes());
  put("m-00002-of-00002.gguf", b.bytes());
  const auto f = GgufFile::open(one);
  ASSERT_FALSE(f.ok());
  EXPECT_NE(f.error().message().find("split.no 1, got 2"), std::string::npos)
      << f.error().message();
  EXPECT_NE(f.error().where.find("m-00002-of-00002.gguf"), std::string::npos);
}

TEST(Gguf, AKeyOfAnotherTypeSaysWhatItHolds) {
  GgufBytes g = small();
  g.add_key(key("n", 9, raw<std::uint32_t>(4) + raw<std::uint64_t>(2) + raw<std::uint64_t>(0)));
  g.add_key(key("s", 8, str("4")));
  const std::string bytes = g.bytes();
  const auto f = parse(bytes);
  ASSERT_TRUE(f.ok());
  EXPECT_EQ((*f)->get_int("n").error().got, "an array of 2");
  EXPECT_EQ((*f)->get_float("s").error().got, "a string");
  EXPECT_EQ((*f)->bool_or("n", true).error().got, "an array of 2");
  EXPECT_EQ((*f)->get_string("none").error().got, "no such key");
}

TEST_F(Folder, WhatIsNoFile) {
  EXPECT_EQ(GgufFile::open((dir_ / "none.gguf").string()).error().code, Code::kNotFound);
  EXPECT_NE(GgufFile::open(dir_.string()).error().message().find("a directory"), std::string::npos);
  EXPECT_NE(GgufFile::open(put("empty.gguf", "")).error().message().find("an empty file"),
            std::string::npos);
}

}  // namespace
}  // namespace ponder
