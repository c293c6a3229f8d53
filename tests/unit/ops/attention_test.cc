// Attention against its formula in double precision, and the same bits wherever the keys lie and whoever is beside.
#include "ops/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/buffer.h"

namespace ponder {
namespace {

constexpr int kGroup = 3, kHead = 48, kSlots = 128;

struct Row {
  std::vector<KvRun> runs;
  int first = 0;
};

class World {
 public:
  World() : k(kSlots * kHead), v(kSlots * kHead), packed_(kSlots * kHead) {
    std::mt19937 rng(3);
    std::normal_distribution<float> normal;
    for (auto* x : {&k, &v, &q})
      for (float& y : *x) y = normal(rng);
  }
  /// What rows[i] gives when all are attended together; row i has query block i.
  std::vector<std::vector<float>> run(const std::vector<Row>& rows, float cap = 0) {
    for (int s = 0; s < kSlots; ++s) store_key(&k[s * kHead], kHead, s, packed_.data());
    const AttentionShape shape{kGroup, kHead, 0.3f, cap};
    std::vector<std::vector<float>> out(rows.size(), std::vector<float>(kGroup * kHead));
    lse.assign(rows.size() * kGroup, 0);
    std::vector<AttentionRow> in;
    int longest = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      in.push_back(
          {&q[rows[i].first % 2 * kGroup * kHead], out[i].data(), &lse[i * kGroup], rows[i].runs, rows[i].first});
      longest = std::max(longest, path_length(rows[i].runs));
    }
    std::vector<float> scratch(attention_scratch(shape, rows.size(), longest));
    attend(shape, {packed_.data(), v.data()}, in, scratch.data());
    return out;
  }
  std::vector<float> k, v, q = std::vector<float>(2 * kGroup * kHead), lse;

 private:
  Buffer<float> packed_;  // aligned
};

std::vector<int> slots_of(const Row& r) {
  std::vector<int> slots;
  for (const KvRun& run : r.runs)
    for (int i = 0; i < run.n; ++i) slots.push_back(run.slot + i);
  return slots;
}

TEST(Attention, AgreesWithDoublePrecision) {
  World w;
  for (const float cap : {0.f, 2.f})
    for (const int first : {0, 3, 7, 12, 40}) {
      const Row row{{{5, 7}, {40, 39}, {20, 1}}, first};
      const auto got = w.run({row}, cap)[0];
      const std::vector<int> slots = slots_of(row);
      for (int g = 0; g < kGroup; ++g) {
        double total = 0;
        std::vector<double> out(kHead);
        const float* q = &w.q[(first % 2 * kGroup + g) * kHead];
        for (std::size_t j = first; j < slots.size(); ++j) {
          double s = 0;
          for (int i = 0; i < kHead; ++i) s += double(q[i]) * w.k[slots[j] * kHead + i];
          s *= 0.3;
          if (cap > 0) s = cap * std::tanh(s / cap);
          total += std::exp(s);
          for (int i = 0; i < kHead; ++i) out[i] += std::exp(s) * w.v[slots[j] * kHead + i];
        }
        for (int i = 0; i < kHead; ++i) EXPECT_NEAR(got[g * kHead + i], out[i] / total, 1e-5);
        EXPECT_NEAR(w.lse[g], std::log(total), 1e-5);
      }
    }
}

TEST(Attention, SameBitsWhereverTheSlotsLie) {
  World w;
  const auto a = w.run({{{{10, 21}}, 4}});
  // The same keys and values scattered: positions 0-4 moved to slot 50, 5-20 where they were.
  for (auto* x : {&w.k, &w.v}) std::copy_n(&(*x)[10 * kHead], 5 * kHead, &(*x)[50 * kHead]);
  EXPECT_EQ(a, w.run({{{{50, 5}, {15, 3}, {18, 13}}, 4}}));
}

TEST(Attention, SameBitsWhoeverIsBeside) {
  World w;
  // Branches of one path at several depths, of other lengths and windows.
  const std::vector<Row> rows{{{{3, 33}, {64, 9}}, 0}, {{{3, 33}, {80, 2}}, 0},   {{{3, 20}}, 7},
                              {{{3, 33}}, 30},         {{{3, 33}, {90, 20}}, 35}, {{{3, 33}, {64, 9}, {120, 1}}, 1}};
  const auto together = w.run(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(together[i], w.run({rows[i]})[0]) << i;
  EXPECT_EQ(together[0], w.run({rows[0], rows[1]})[0]);
}

}  // namespace
}  // namespace ponder
