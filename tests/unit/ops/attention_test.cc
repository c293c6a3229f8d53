// Attention compared with its formula in double precision; and it has the same bits wherever the
// keys lie and whatever the other rows are.
#include "ops/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels.h"
#include "ops/vector.h"

namespace ponder {
namespace {

constexpr int kGroup = 3, kHead = 48, kSlots = 320;

struct Row {
  std::vector<KvRun> runs;
  int first = 0;
};

class World {
 public:
  explicit World(const GemmKernel& kernel) : k(kSlots * kHead), v(kSlots * kHead), kernel_(kernel) {
    std::mt19937 rng(3);
    std::normal_distribution<float> normal;
    for (auto* x : {&k, &v, &q})
      for (float& y : *x) y = from_bf16(to_bf16(normal(rng)));
  }
  /// The results of rows[i] when all are attended together; row i has query block first % 2.
  std::vector<std::vector<float>> run(const std::vector<Row>& rows, float cap = 0,
                                      const float* sinks = nullptr) {
    HeadSlots slots(kernel_.compute, kSlots, kHead);
    for (const Row& r : rows)  // the other slots hold NaN
      for (const KvRun& run : r.runs)
        for (int s = run.slot; s < run.slot + run.n; ++s)
          slots.put(s, &k[s * kHead], &v[s * kHead]);
    const AttentionShape shape{kGroup, kHead, 0.25f, cap, sinks};
    constexpr int kOut = kGroup * kHead;
    Buffer<std::byte> out(rows.size() * kOut * compute_bytes(kernel_.compute));
    lse.assign(rows.size() * kGroup, 0);
    std::vector<AttentionRow> in;
    for (std::size_t i = 0; i < rows.size(); ++i)
      in.push_back({&q[rows[i].first % 2 * kOut],
                    out.data() + i * kOut * compute_bytes(kernel_.compute), &lse[i * kGroup],
                    rows[i].runs, rows[i].first});
    attend(kernel_, shape, slots.head(), in, room_);
    std::vector<std::vector<float>> result(rows.size(), std::vector<float>(kOut));
    for (std::size_t i = 0; i < rows.size(); ++i)
      expand(kernel_.compute, out.data() + i * kOut * compute_bytes(kernel_.compute), kOut,
             result[i].data());
    return result;
  }
  std::vector<float> k, v, q = std::vector<float>(2 * kGroup * kHead), lse;

 private:
  const GemmKernel& kernel_;
  AttentionRoom room_;
};

std::vector<int> slots_of(const Row& r) {
  std::vector<int> slots;
  for (const KvRun& run : r.runs)
    for (int i = 0; i < run.n; ++i) slots.push_back(run.slot + i);
  return slots;
}

class Attention : public testing::TestWithParam<KernelCase> {};
INSTANTIATE_TEST_SUITE_P(Kernels, Attention, testing::ValuesIn(kernels()), [](const auto& c) {
  std::string name = c.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST_P(Attention, AgreesWithDoublePrecision) {
  World w(GetParam().kernel);
  // the weights and the result are rounded to 8 bits
  const double near = GetParam().kernel.compute == Compute::kF32 ? 1e-5 : 1e-2;
  const float sinks[kGroup] = {-3, 2, 9};  // the last is above every score
  for (const auto& [cap, sink] :
       {std::pair{0.f, (const float*)nullptr}, {2.f, nullptr}, {0.f, sinks}})
    for (const int first : {0, 3, 7, 12, 40, 150}) {
      const Row row{{{5, 7}, {40, 39}, {20, 1}, {100, 160}}, first};
      const auto got = w.run({row}, cap, sink)[0];
      const std::vector<int> slots = slots_of(row);
      for (int g = 0; g < kGroup; ++g) {
        double total = sink ? std::exp(sink[g]) : 0;
        std::vector<double> out(kHead);
        const float* q = &w.q[(first % 2 * kGroup + g) * kHead];
        for (std::size_t j = first; j < slots.size(); ++j) {
          double s = 0;
          for (int i = 0; i < kHead; ++i) s += double(q[i]) * w.k[slots[j] * kHead + i];
          s *= 0.25;
          if (cap > 0) s = cap * std::tanh(s / cap);
          total += std::exp(s);
          for (int i = 0; i < kHead; ++i) out[i] += std::exp(s) * w.v[slots[j] * kHead + i];
        }
        for (int i = 0; i < kHead; ++i) EXPECT_NEAR(got[g * kHead + i], out[i] / total, near);
        EXPECT_NEAR(w.lse[g], std::log(total), 1e-5);
      }
    }
}

TEST_P(Attention, SameBitsWhereverTheSlotsLie) {
  World w(GetParam().kernel);
  const auto a = w.run({{{{10, 21}}, 4}});
  // The same keys and values scattered: positions 0-4 moved to slot 50, 5-20 where they were.
  for (auto* x : {&w.k, &w.v}) std::copy_n(&(*x)[10 * kHead], 5 * kHead, &(*x)[50 * kHead]);
  EXPECT_EQ(a, w.run({{{{50, 5}, {15, 3}, {18, 13}}, 4}}));
}

TEST_P(Attention, SameBitsWhoeverIsBeside) {
  World w(GetParam().kernel);
  // Branches of one path at several depths, some prolonging the one before, of other lengths and
  // windows.
  const std::vector<Row> rows{{{{3, 33}, {64, 9}}, 0},
                              {{{3, 33}, {64, 10}}, 0},
                              {{{3, 33}, {64, 11}, {130, 40}}, 2},
                              {{{3, 33}, {80, 2}}, 0},
                              {{{3, 20}}, 7},
                              {{{3, 33}}, 30},
                              {{{3, 33}, {90, 20}, {180, 130}}, 35},
                              {{{3, 33}, {64, 9}, {120, 1}}, 40},
                              {{{3, 33}, {64, 9}, {120, 1}, {310, 1}}, 1}};
  const auto together = w.run(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(together[i], w.run({rows[i]})[0]) << i;
  EXPECT_EQ(together[0], w.run({rows[0], rows[1]})[0]);
}

}  // namespace
}  // namespace ponder
