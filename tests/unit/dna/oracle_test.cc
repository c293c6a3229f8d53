// The oracle compared with PyTorch (tools/make_oracle_case.py), and the errors for wrong files.
#include "ponder/dna/oracle.h"

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dna/layers.h"
#include "ponder/energy/contract.h"
#include "relative.h"
#include "world.h"

namespace ponder::dna::test {
namespace {

using nlohmann::json;
const std::filesystem::path kData = std::filesystem::path(PONDER_SOURCE_DIR) / "tests/data/oracle";

std::string read(const std::filesystem::path& p) {
  std::ifstream in(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Activations, EveryBlockIsAligned) {
  std::vector<dna::Values> all;  // kept, so that blocks of one chunk lie side by side
  for (int n = 1; n < 3000; n += 7) {
    for (int k = 0; k < 3; ++k) {
      all.emplace_back(n);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(all.back().data()) % 64, 0u) << n;
    }
  }
}

class OracleCase : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, OracleCase, testing::Values("case", "global-max", "global-avg"));

TEST_P(OracleCase, AgreesWithPyTorch) {
  const auto oracle = read_oracle(kData / (std::string(GetParam()) + ".json"));
  ASSERT_TRUE(oracle.ok()) << oracle.error().message();
  const json expected = json::parse(read(kData / (std::string(GetParam()) + ".expected.json")));
  std::vector<Token> candidates;
  for (int i = 0; i < oracle->length * kLetters; ++i) candidates.push_back(i % kLetters);
  for (std::size_t k = 0; k < expected["values"].size(); ++k) {
    const auto w = expected["weights"][k].get<std::vector<float>>();
    const auto dw = expected["derivatives"][k].get<std::vector<double>>();
    const SoftPoint p{candidates, w, kLetters};
    std::vector<SoftValue> v;
    ASSERT_TRUE(oracle->term->evaluate({&p, 1}, v).ok());
    EXPECT_NEAR(v[0].value, expected["values"][k].get<double>(), 1e-5);
    EXPECT_LE(ponder::test::relative(v[0].weights, dw), 1e-4);
  }
  const Status s = check_contract(*oracle->term, candidates, kLetters, {.step = 1e-3});
  EXPECT_TRUE(s.ok()) << (s.ok() ? "" : s.error().message());
}

TEST(Oracle, DoesNotDependOnBatchOrThreads) {
  const auto one = read_oracle(kData / "case.json", 1), many = read_oracle(kData / "case.json", 3);
  ASSERT_TRUE(one.ok() && many.ok());
  std::mt19937 rng(1);
  std::vector<Sequence> x(9, Sequence(one->length));
  for (Sequence& d : x)
    for (Token& v : d) v = static_cast<Token>(rng() % 4);
  std::vector<double> all, single;
  ASSERT_TRUE(many->term->score(x, all).ok());
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_TRUE(one->term->score({&x[i], 1}, single).ok());
    EXPECT_EQ(single[0], all[i]);
  }
  x[0].pop_back();
  EXPECT_FALSE(one->term->score(x, all).ok());
}

// A copy of the case with one change.
class BadOracle : public testing::Test {
 protected:
  BadOracle() : dir(testing::TempDir() + "/ponder-oracle-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(dir);
    text = json::parse(read(kData / "case.json"));
    weights = read(kData / "case.safetensors");
  }
  ~BadOracle() override { std::filesystem::remove_all(dir); }
  void expect(const std::string& words) {
    std::ofstream(dir / "case.json") << text;
    std::ofstream(dir / "case.safetensors", std::ios::binary) << weights;
    const auto r = read_oracle(dir / "case.json");
    ASSERT_FALSE(r.ok()) << words;
    EXPECT_NE(r.error().message().find(words), std::string::npos) << r.error().message();
  }
  std::filesystem::path dir;
  json text;
  std::string weights;
};

// Each weight in half precision, and the nearest float32 of smaller size that half precision holds
// exactly.
std::pair<std::string, std::string> halved(const std::string& file) {
  std::uint64_t size = 0;
  std::memcpy(&size, file.data(), sizeof size);
  json header = json::parse(file.substr(sizeof size, size));
  for (auto& [name, t] : header.items()) {
    t["dtype"] = "F16";
    for (auto& at : t["data_offsets"]) at = at.get<int>() / 2;
  }
  std::string wide = file, data;
  for (std::size_t i = sizeof size + size; i < file.size(); i += 4) {
    std::uint32_t u;
    std::memcpy(&u, &file[i], 4);
    const int exponent = static_cast<int>(u >> 23 & 255) - 112;
    // values that would be subnormal become zero
    u = exponent > 0 ? u & ~0x1fffu : u & 0x80000000u;
    std::memcpy(&wide[i], &u, 4);
    const auto h =
        static_cast<std::uint16_t>(u >> 16 & 0x8000u) |
        static_cast<std::uint16_t>(exponent > 0 ? exponent << 10 | (u >> 13 & 0x3ff) : 0);
    data += {static_cast<char>(h & 255), static_cast<char>(h >> 8)};
  }
  const std::string text = header.dump();
  const std::uint64_t n = text.size();
  return {std::string(reinterpret_cast<const char*>(&n), sizeof n) + text + data, wide};
}

TEST_F(BadOracle, ButReadsHalfPrecision) {
  const auto [half, wide] = halved(weights);
  const Sequence x(23, 2);
  std::vector<double> values, one;
  for (const std::string& bytes : {half, wide, weights}) {
    std::ofstream(dir / "case.json") << text;
    std::ofstream(dir / "case.safetensors", std::ios::binary) << bytes;
    const auto r = read_oracle(dir / "case.json");
    ASSERT_TRUE(r.ok()) << r.error().message();
    ASSERT_TRUE(r->term->score({&x, 1}, one).ok());
    values.push_back(one[0]);
  }
  EXPECT_EQ(values[0], values[1]);
  EXPECT_NE(values[0], values[2]);
}

TEST_F(BadOracle, SaysWhatLayersDoNotFit) {
  const json good = text;
  text["layers"][0]["name"] = "none";
  expect("a tensor 'none.bias', got none");
  text = good;
  text["layers"][0]["padding"] = 99;
  expect("within its reach");
  text = good;
  text["layers"][0]["kind"] = "lstm";
  expect("'lstm'");
  text = good;
  text["layers"].erase(0);
  expect("one that does not");
  text = good;
  text["length"] = 40;
  expect("inputs");
  text["length"] = -1;
  expect("a length from 1");
  text = good;
  text["layers"].erase(text["layers"].size() - 1);
  expect("one output, got 7");
  text = json::array();
  expect("ponder-oracle");
  EXPECT_EQ(read_oracle(dir / "absent.json").error().code, Code::kNotFound);
}

TEST_F(BadOracle, SaysWhatWeightsAreWrong) {
  const std::string good = weights;
  weights.resize(weights.size() - 4);
  expect("bytes within the file");
  weights = good.substr(0, 5);
  expect("5 bytes");
  weights = good;
  weights[6] = 1;  // 2^48 bytes of header
  expect("longer than the file");
  weights = good;
  weights.replace(good.find("F32"), 3, "I32");
  expect("tensors of F32 or F16");
  weights = good;
  for (std::size_t i = 1; i <= 4; ++i) weights[weights.size() - i] = '\xff';
  expect("finite weights");
  weights = good;
  weights[9] = '!';
  expect("JSON header");
}

}  // namespace
}  // namespace ponder::dna::test
