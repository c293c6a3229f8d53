// Diagnostics compared with ArviZ's figures for the same arrays (tools/make_diagnostic_cases.py),
// which are made here from the same recipes; and the cases that ArviZ does not define: values that
// are not finite, chains of one draw, ties at a quantile.
#include "ponder/chains/diagnostics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "chain/draws.h"

namespace ponder {
namespace {

using Json = nlohmann::json;
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// splitmix64 as a function of a counter, uniform in [0, 1).
struct Uniforms {
  std::uint64_t k;
  double operator()() {
    std::uint64_t z = ++k * 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return static_cast<double>((z ^ z >> 31) >> 11) * 0x1p-53;
  }
};

DrawTable array(const Json& recipe) {
  const double rho = recipe["rho"], scale = recipe["scale"], shift = recipe["shift"],
               spread = recipe["spread"], stay = recipe["stay"];
  const std::string kind = recipe["kind"];
  Uniforms u{recipe["seed"].get<std::uint64_t>() << 32};
  DrawTable y(recipe["chains"], std::vector<double>(recipe["draws"].get<std::size_t>()));
  for (std::size_t c = 0; c < y.size(); ++c) {
    double x = 0;
    for (double& v : y[c]) {
      const double u1 = u(), u2 = u(), u3 = u(), u4 = u();
      const double chain = static_cast<double>(c);
      const double moved = rho * x + (((u1 + u2) + u3) + u4 - 2);
      if (!(stay > 0 && &v != &y[c][0] && u() < stay)) x = moved;
      v = x * (1 + spread * chain) + shift * chain;
      if (kind == "heavy") v = v / (1 - u());
      if (kind == "integer") v = std::floor(scale * v);
      if (kind == "sign") v = v > 0;
      if (kind == "stuck") v = chain;
    }
  }
  return y;
}

DrawTable autoregression(int chains, int draws, double rho, std::uint64_t seed) {
  return array({{"chains", chains},
                {"draws", draws},
                {"rho", rho},
                {"seed", seed},
                {"kind", "smooth"},
                {"scale", 1},
                {"shift", 0},
                {"spread", 0},
                {"stay", 0}});
}

double figure(const std::string& name, ChainDraws x) {
  const auto space = name.find(' ');
  const double argument = space == std::string::npos ? 0 : std::stod(name.substr(space));
  const std::map<std::string, std::function<double()>> functions{
      {"rhat", [&] { return rhat(x); }},
      {"ess_bulk", [&] { return ess_bulk(x); }},
      {"ess_tail", [&] { return ess_tail(x); }},
      {"ess_mean", [&] { return ess_mean(x); }},
      {"ess_quantile", [&] { return ess_quantile(x, argument); }},
      {"mcse_mean", [&] { return mcse_mean(x); }},
      {"mcse_sd", [&] { return mcse_sd(x); }},
      {"mcse_quantile", [&] { return mcse_quantile(x, argument); }},
      {"rhat_nested", [&] { return rhat_nested(x, static_cast<int>(argument)); }},
  };
  return functions.at(name.substr(0, space))();
}

TEST(Diagnostics, EqualArviZ) {
  std::ifstream file(PONDER_SOURCE_DIR "/tests/data/diagnostics/cases.json");
  const Json data = Json::parse(file);
  std::map<std::string, double> worst;  // relative difference
  for (const Json& c : data["cases"]) {
    const DrawTable x = array(c);
    double sum = 0;
    for (const auto& chain : x)
      for (double v : chain) sum += v;
    ASSERT_NEAR(sum, c["sum"].get<double>(), 1e-9 * (1 + std::abs(sum)))
        << c["name"] << ": another array";
    for (const auto& [name, expected] : c["figures"].items()) {
      const double got = figure(name, x);
      const std::string where = c["name"].get<std::string>() + ", " + name;
      if (expected.is_null()) {
        EXPECT_TRUE(std::isnan(got)) << where << ": " << got;
      } else if (expected == "inf") {
        EXPECT_EQ(got, kInf) << where;
      } else {
        const double e = expected;
        const double difference = got == e ? 0 : std::abs(got - e) / std::abs(e);
        EXPECT_LE(difference, 1e-9) << where << ": expected " << e << ", got " << got;
        double& w = worst[name.substr(0, name.find(' '))];
        w = std::max(w, difference);
      }
    }
  }
  for (const auto& [name, difference] : worst)
    RecordProperty(name, std::to_string(difference * 1e12) + "e-12");
  EXPECT_EQ(worst.size(), 9u);
}

// The ESS of an AR(1) process is (1 - rho) / (1 + rho) of its draws.
TEST(Diagnostics, EssOfAutoregression) {
  for (const double rho : {-0.3, 0.0, 0.5, 0.9}) {
    const DrawTable x = autoregression(8, 20000, rho, 77);
    const double expected = 8 * 20000 * (1 - rho) / (1 + rho);
    EXPECT_NEAR(ess_mean(x) / expected, 1, 0.1) << rho;
    EXPECT_LT(rhat(x), 1.01) << rho;
  }
}

// Chains that hardly move, or not at all, for very many draws take seconds, not the minutes of n² /
// 2 products.
TEST(Diagnostics, EssOfChainsThatStandStill) {
  const DrawTable slow = autoregression(8, 50000, 0.9995, 78);
  EXPECT_NEAR(ess_mean(slow) / (8 * 50000 * (1 - 0.9995) / (1 + 0.9995)), 1, 0.25);
  const std::clock_t start = std::clock();  // processor time, since others may share the machine
  DrawTable still;
  for (int c = 0; c < 8; ++c) still.emplace_back(300000, c);
  EXPECT_NEAR(ess_mean(still), 8, 0.5);
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 45);  // 1 s, under sanitizers 14 s; was 70 s
}

// With two equally frequent values all draws are equally far from the median, so only the bulk
// counts.
TEST(Diagnostics, RhatWithoutATail) {
  EXPECT_GT(rhat(DrawTable{{0, 0, 1, 1, 0, 1}, {1, 0, 1, 0, 1, 0}}), 0.5);
}

TEST(Diagnostics, NotFiniteIsNaN) {
  for (const double bad : {kNaN, kInf, -kInf}) {
    DrawTable x = autoregression(4, 20, 0, 1);
    EXPECT_TRUE(std::isfinite(rhat(x)));
    x[2][19] = bad;
    for (const char* name : {"rhat", "ess_bulk", "ess_tail", "ess_mean", "ess_quantile 0.5",
                             "mcse_mean", "mcse_sd", "mcse_quantile 0.5", "rhat_nested 2"})
      EXPECT_TRUE(std::isnan(figure(name, x))) << name << " with " << bad;
    const Summary s = summarise(x);
    EXPECT_TRUE(std::isnan(s.mean) && std::isnan(s.q95) && std::isnan(s.rhat));
  }
  EXPECT_TRUE(std::isnan(rhat({})) && std::isnan(ess_bulk({})) && std::isnan(rhat_nested({}, 2)));
}

TEST(Diagnostics, NestedOfShortChains) {
  // Two superchains of two chains, one draw each: means 1 and 4, variances of chains 2 and 8:
  // sqrt(1 + 4.5 / 5).
  EXPECT_DOUBLE_EQ(rhat_nested(DrawTable{{0}, {2}, {2}, {6}}, 2), std::sqrt(1.9));
  // One chain a superchain: the plain ratio, sqrt(1 + 0.5 / 0.5).
  EXPECT_DOUBLE_EQ(rhat_nested(DrawTable{{0, 1}, {1, 2}}, 2), std::sqrt(2));
  EXPECT_TRUE(std::isnan(rhat_nested(DrawTable{{0}, {2}}, 2)));
  for (const int too_few : {0, 1})
    EXPECT_TRUE(std::isnan(rhat_nested(DrawTable{{0, 1}, {1, 2}}, too_few)));
}

TEST(Diagnostics, Summary) {
  const DrawTable x = autoregression(4, 50, 0.5, 3);
  const Summary s = summarise(x);
  const std::vector<double> all = pooled(x);
  double sum = 0, squared = 0;
  for (double v : all) sum += v / 200;
  for (double v : all) squared += (v - sum) * (v - sum) / 199;
  EXPECT_NEAR(s.mean, sum, 1e-14);
  EXPECT_NEAR(s.sd, std::sqrt(squared), 1e-14);
  EXPECT_LT(s.q5, s.median);
  EXPECT_LT(s.median, s.q95);
  EXPECT_EQ(s.rhat, rhat(x));
  EXPECT_EQ(s.ess_bulk, ess_bulk(x));
  EXPECT_EQ(s.ess_tail, ess_tail(x));
  EXPECT_EQ(s.mcse_mean, mcse_mean(x));
}

TEST(Draws, QuantilesAndTies) {
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0.05), 1.15);
  EXPECT_DOUBLE_EQ(quantile({1, 2}, 1), 2);
  EXPECT_EQ(median({5, 1, 3}), 3);
  EXPECT_EQ(median({5, 1, 3, 2}), 2.5);
  for (std::size_t n = 2; n < 40; ++n)  // (1 - g) v + g v need not be v
    for (double v = 0.1; v < 4; v += 0.1)
      for (const double p : {0.05, 0.3, 0.95})
        EXPECT_EQ(quantile(std::vector<double>(n, v), p), v) << n << " draws, " << p;
  EXPECT_EQ(mean(std::vector<double>(7, 0.1)), 0.1);
}

TEST(Draws, RanksShareTies) {
  const DrawTable z = z_scale({{10, 20}, {20, 30}});
  EXPECT_EQ(z[0][1], z[1][0]);
  EXPECT_DOUBLE_EQ(z[0][0], -z[1][1]);
  EXPECT_EQ(z[0][1], 0);
  EXPECT_NEAR(z[1][1], 1.0491313979639725, 1e-13);  // Phi^-1((4 - 3/8) / (4 + 1/4))
  EXPECT_EQ(split(DrawTable{{1, 2, 3, 4, 5}}), (DrawTable{{1, 2}, {4, 5}}));
}

}  // namespace
}  // namespace ponder
