// Warm-up finds the step size whose rate of acceptance is wanted, averages, stops, and can be taken up again.
#include "ponder/adaptation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "density/table.h"

namespace ponder {
namespace {

// Two moves; the second accepts with probability exp(-step).
class Falling final : public Kernel {
 public:
  std::string_view name() const override { return "falling"; }
  std::vector<std::string> moves() const override { return {"still", "falling"}; }
  std::vector<StepSize> step_sizes() override { return {{1, &value, 0.574}}; }
  Status step(std::span<ChainState> chains, std::span<Choices* const>, std::span<StepInfo> infos) const override {
    for (std::size_t c = 0; c < chains.size(); ++c) {
      infos[c] = {.numeric = true, .n_proposed = 1};
      infos[chains.size() + c] = {.n_proposed = c == 0 ? 0 : 1, .log_acceptance = c == 0 ? -99 : -value};
    }
    return {};
  }
  double value = 40;
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

TEST(Adaptation, OfACycle) {
  TableDensity d({});
  const Energy e = *Energy::make(d, 0, *ReplyLaw::make({.horizon = 4}, 4, d.end_tokens()));
  const auto kernel = std::move(*make_kernel("suffix+dmala:step=0.5+gwg+pafs:length=3", e));
  const auto steps = kernel->step_sizes();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].move, 1);
  EXPECT_EQ(*steps[0].value, 0.5);
  EXPECT_EQ(steps[1].move, 3);
  EXPECT_EQ(*steps[1].value, 3);
  Adaptation(*kernel).freeze();
  EXPECT_EQ(*steps[0].value, 0.5) << "nothing was learnt";
}

}  // namespace
}  // namespace ponder
