// The warm-up finds the step size of the wanted acceptance rate, averages, stops, and can be
// continued.
#include "ponder/chains/adaptation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "law/toy/table.h"

namespace ponder {
namespace {

// Two moves; the second accepts with probability exp(-step).
class Falling final : public Kernel {
 public:
  std::string_view name() const override { return "falling"; }
  std::vector<std::string> moves() const override { return {"still", "falling"}; }
  std::vector<StepSize> step_sizes() override {
    return {{.move = 1, .name = "step", .value = &value, .most = most}};
  }
  Status step(std::span<ChainState> chains, std::span<Choices* const>,
              std::span<StepInfo> infos) const override {
    for (std::size_t c = 0; c < chains.size(); ++c) {
      infos[c] = {.numeric = true, .n_proposed = 1};
      infos[chains.size() + c] = {.n_proposed = c == 0 ? 0 : 1,
                                  .log_acceptance = c == 0 ? -99 : -value};
    }
    return {};
  }
  double value = 40, most = INFINITY;
};

TEST(Adaptation, FindsTheRateAndStops) {
  Falling kernel, other;
  Adaptation adaptation(kernel), resumed(other);
  std::vector<ChainState> chains(3);
  std::vector<StepInfo> infos(6);
  for (int k = 0; k < 600; ++k) {
    ASSERT_TRUE(kernel.step(chains, {}, infos).ok());
    adaptation.update(infos);
    if (k == 300) resumed.restore(adaptation.state());
    if (k == 300) {
      EXPECT_EQ(other.value, kernel.value);
    }
  }
  adaptation.freeze();
  EXPECT_NEAR(kernel.value, -std::log(0.574), 0.03);
}

TEST(Adaptation, GoesNoFurtherThanTheMost) {
  Falling kernel;
  kernel.value = kernel.most = 0.1;  // almost every proposal is accepted there
  Adaptation adaptation(kernel);
  std::vector<ChainState> chains(3);
  std::vector<StepInfo> infos(6);
  for (int k = 0; k < 100; ++k) {
    ASSERT_TRUE(kernel.step(chains, {}, infos).ok());
    adaptation.update(infos);
    EXPECT_LE(kernel.value, 0.1 + 1e-12);
  }
  adaptation.freeze();
  EXPECT_NEAR(kernel.value, 0.1, 1e-3);
}

TEST(Adaptation, OfACycle) {
  TableDensity d({});
  const Energy e = *Energy::make(d, d.root(), *ReplyLaw::make({.horizon = 4}, 4, d.end_tokens()));
  const auto kernel =
      std::move(*make_kernel("suffix+dmala*2+gwg+pafs+hmc:steps=2+hmc-token:candidates=2", e));
  const auto steps = kernel->step_sizes();
  ASSERT_EQ(steps.size(), 4u) << "a part that stands there twice has one step size";
  const char* names[] = {"step", "length", "angle", "step"};
  const int moves[] = {1, 4, 5, 6};
  for (int k = 0; k < 4; ++k) {
    EXPECT_EQ(steps[k].name, names[k]);
    EXPECT_EQ(steps[k].move, moves[k]);
  }
  EXPECT_EQ(*steps[0].value, 0.2);
  EXPECT_DOUBLE_EQ(steps[2].most, M_PI / 4);
  Adaptation(*kernel).freeze();
  EXPECT_EQ(*steps[0].value, 0.2) << "nothing was learnt";
  const auto given =
      std::move(*make_kernel("dmala:step=1+pafs:length=2+hmc:angle=0.1+hmc-token:step=1", e));
  EXPECT_TRUE(given->step_sizes().empty()) << "what is given stays";
}

}  // namespace
}  // namespace ponder
