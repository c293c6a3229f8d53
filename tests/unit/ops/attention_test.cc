// Attention against its formula in double precision, and the same bits wherever the keys lie.
#include "ops/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace ponder {
namespace {

constexpr int kGroup = 3, kHead = 48, kStride = 2 * kHead, kSlots = 64;

struct Data {
  Data() : q(kGroup * kHead), k(kSlots * kStride), v(kSlots * kStride) {
    std::mt19937 rng(3);
    std::normal_distribution<float> normal;
    for (auto* x : {&q, &k, &v})
      for (float& y : *x) y = normal(rng);
  }
  std::vector<float> run(const std::vector<KvRun>& runs, int n, int first, float cap = 0) const {
    std::vector<float> out(kGroup * kHead), scores(n);
    attend({kGroup, kHead, kStride, 0.3f, cap}, q.data(), k.data(), v.data(), runs, first, scores.data(), out.data());
    return out;
  }
  std::vector<float> q, k, v;
};

TEST(Attention, AgreesWithDoublePrecision) {
  const Data d;
  const std::vector<KvRun> runs{{5, 7}, {40, 9}, {20, 1}};
  std::vector<int> slots;
  for (const KvRun& r : runs)
    for (int i = 0; i < r.n; ++i) slots.push_back(r.slot + i);
  for (const float cap : {0.f, 2.f})
    for (const int first : {0, 3, 7, 12}) {
      const auto got = d.run(runs, static_cast<int>(slots.size()), first, cap);
      for (int g = 0; g < kGroup; ++g) {
        double total = 0;
        std::vector<double> out(kHead);
        for (std::size_t j = first; j < slots.size(); ++j) {
          double s = 0;
          for (int i = 0; i < kHead; ++i) s += double(d.q[g * kHead + i]) * d.k[slots[j] * kStride + i];
          s *= 0.3;
          if (cap > 0) s = cap * std::tanh(s / cap);
          total += std::exp(s);
          for (int i = 0; i < kHead; ++i) out[i] += std::exp(s) * d.v[slots[j] * kStride + i];
        }
        for (int i = 0; i < kHead; ++i) EXPECT_NEAR(got[g * kHead + i], out[i] / total, 1e-5);
      }
    }
}

TEST(Attention, SameBitsWhereverTheSlotsLie) {
  Data d;
  const std::vector<KvRun> whole{{10, 21}};
  const auto a = d.run(whole, 21, 4);
  // The same keys and values scattered: positions 0-4 moved to slot 50, 5-20 where they were.
  for (auto* x : {&d.k, &d.v}) std::memcpy(&(*x)[50 * kStride], &(*x)[10 * kStride], 5 * kStride * 4);
  const auto b = d.run({{50, 5}, {15, 3}, {18, 13}}, 21, 4);
  EXPECT_EQ(0, std::memcmp(a.data(), b.data(), a.size() * 4));
}

}  // namespace
}  // namespace ponder
