// Checkpoints are read back bit for bit, and any other content of a file is an error that says what
// to do.
#include "chain/checkpoint.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "folder.h"

namespace ponder {
namespace {

Checkpoint sample(std::uint64_t step = 12) {
  Checkpoint c{.step = step, .config_hash = "5c0ffee", .replies = {{1, 2, 49151}, {}}};
  c.arrays = {{"noise", std::vector<float>{0.1f, -0.0f, 3e-45f}},
              {"momentum", std::vector<double>{}},
              {"counts", std::vector<std::int64_t>{-1, std::numeric_limits<std::int64_t>::min()}},
              {"step_size", std::vector<double>{0.1, -INFINITY,
                                                std::bit_cast<double>(0x7ff8'0000'dead'beefULL)}},
              {"ids", std::vector<std::int32_t>{7, -1}}};
  return c;
}

// Compares bits, since NaN is not equal to itself.
template <class T>
std::string bits(const std::vector<T>& v) {
  return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(T)};
}
void expect_same(const Arrays& a, const Arrays& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, array] : a) {
    ASSERT_TRUE(b.contains(name)) << name;
    ASSERT_EQ(array.index(), b.at(name).index()) << name;
    const auto bytes = [](const Array& x) {
      return std::visit([](const auto& v) { return bits(v); }, x);
    };
    EXPECT_EQ(bytes(array), bytes(b.at(name))) << name;
  }
}
void expect_same(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.config_hash, b.config_hash);
  EXPECT_EQ(a.replies, b.replies);
  expect_same(a.arrays, b.arrays);
}

std::string file_of(const Checkpoint& c) {
  const Folder folder;
  EXPECT_TRUE(write_checkpoint(c, folder / "file").ok());
  return read_all(folder / "file");
}
Error error_of(const std::string& bytes) {
  const auto c = parse_checkpoint(bytes, "5c0ffee", "file");
  if (!c.ok()) return c.error();
  ADD_FAILURE() << "read " << bytes.size() << " bytes without an error";
  return {};
}

TEST(Checkpoint, ComesBack) {
  const Folder folder;
  for (const Checkpoint& c : {sample(), Checkpoint{.config_hash = "5c0ffee"}}) {
    ASSERT_TRUE(write_checkpoint(c, folder / "run.ckpt").ok());
    const auto back = read_checkpoint(folder / "run.ckpt", "5c0ffee");
    ASSERT_TRUE(back.ok()) << back.error().message();
    expect_same(c, *back);
  }
  EXPECT_EQ(folder.n_files(), 1);
}

TEST(Checkpoint, TruncatedAtEveryLength) {
  const std::string whole = file_of(sample());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Error e = error_of(whole.substr(0, n));
    EXPECT_EQ(e.code, Code::kInvalid) << n;
    EXPECT_EQ(e.got.find("another file"), std::string::npos) << n;
  }
}

TEST(Checkpoint, EveryBitFlipped) {
  const std::string whole = file_of(sample());
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int b = 0; b < 8; ++b) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ (1 << b));
      const Error e = error_of(changed);
      EXPECT_EQ(e.code, i == 18 ? Code::kUnsupported : Code::kInvalid) << "byte " << i;
    }
}

TEST(Checkpoint, OtherFiles) {
  const Folder folder;
  const std::string whole = file_of(sample());
  EXPECT_EQ(error_of("").got, "an empty file");
  EXPECT_EQ(error_of("\x89HDF\r\n\x1a\n").got, "another file");
  EXPECT_EQ(error_of("ponder checkpoint, or so").got, "another file");
  EXPECT_EQ(error_of(whole.substr(0, 5)).got, "its first 5 bytes");
  EXPECT_EQ(error_of(whole + "x").got, "one that was cut short or changed");
  const auto other = read_checkpoint(folder / "missing", "5c0ffee");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::kNotFound);
  const auto directory = read_checkpoint(folder / "", "5c0ffee");
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.error().code, Code::kNotFound);
}

TEST(Checkpoint, OfAnotherRun) {
  const Folder folder;
  ASSERT_TRUE(write_checkpoint(sample(), folder / "run.ckpt").ok());
  const auto c = read_checkpoint(folder / "run.ckpt", "other");
  ASSERT_FALSE(c.ok());
  EXPECT_EQ(c.error().code, Code::kInvalid);
  EXPECT_NE(c.error().message().find("repeat the flags"), std::string::npos);
}

// A foreign body with a right checksum.
TEST(Checkpoint, ForeignBodies) {
  const auto with_body = [](const std::string& body) {
    unsigned char d[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), d);
    return "ponder checkpoint\n\x02" + std::string(reinterpret_cast<char*>(d), sizeof d) + body;
  };
  const std::string body = file_of(sample()).substr(18 + 1 + SHA256_DIGEST_LENGTH);
  using Json = nlohmann::json;
  const Json good = Json::from_cbor(body, true, true, Json::cbor_tag_handler_t::store);
  const auto changed = [&](const char* at, const Json& value) {
    Json j = good;
    j[Json::json_pointer(at)] = value;
    std::string s;
    Json::to_cbor(j, s);
    return with_body(s);
  };
  EXPECT_TRUE(parse_checkpoint(changed("/step", 12), "5c0ffee", "file").ok());
  for (const std::string& bytes :
       {with_body(""), with_body("\xff"), with_body(body.substr(0, body.size() / 2)),
        with_body(body + "x"), with_body("\xf6"), with_body("\x80"), changed("/step", "12"),
        changed("/replies", 3), changed("/replies/0", Json::object()), changed("/arrays/x", 1),
        changed("/arrays/x", Json::binary({1, 2, 3, 4})),
        changed("/arrays/x", Json::binary({1, 2, 3, 4}, 70)),
        changed("/arrays/x", Json::binary({1, 2, 3}, 85)),
        changed("/replies/0", Json::binary({1, 2, 3, 4}, 85)),
        changed("/replies/0", Json::array({1, 2}))}) {
    const Error e = error_of(bytes);
    EXPECT_EQ(e.code, Code::kInvalid);
    EXPECT_EQ(e.expected, "the state of a run") << e.message();
  }
}

// A process that only writes checkpoints is killed at different moments: the file can always be
// read, and is no older than the last checkpoint that the process has reported.
TEST(Checkpoint, SurvivesKills) {
  const Folder folder;
  const std::string path = folder / "run.ckpt";
  Checkpoint c = sample(0);
  c.arrays["noise"] = std::vector<float>(100000, 0.5f);
  for (int delay_us = 0; delay_us < 4000; delay_us += 250) {
    int written[2];
    ASSERT_EQ(::pipe(written), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    while (child == 0) {
      ++c.step;
      if (!write_checkpoint(c, path).ok() || ::write(written[1], "", 1) != 1) ::_exit(1);
    }
    ::close(written[1]);
    char byte = 0;
    EXPECT_EQ(::read(written[0], &byte, 1), 1);
    ::usleep(static_cast<useconds_t>(delay_us));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::uint64_t known = 1;
    while (::read(written[0], &byte, 1) == 1) ++known;
    ::close(written[0]);
    const auto back = read_checkpoint(path, "5c0ffee");
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_TRUE(back->step == c.step + known || back->step == c.step + known + 1) << back->step;
    expect_same(c.arrays, back->arrays);
    c.step = back->step;
  }
}

}  // namespace
}  // namespace ponder
