// Kernels by name: which specifications are accepted, which are refused, and the messages.
#include <gtest/gtest.h>

#include "law/toy/table.h"
#include "ponder/chains/kernel.h"

namespace ponder {
namespace {

class MakeKernel : public testing::Test {
 protected:
  std::string error(const char* spec) {
    const auto k = make_kernel(spec, energy_);
    return k.ok() ? "" : k.error().message();
  }
  void expect_error(const char* spec, const char* part) {
    EXPECT_NE(error(spec).find(part), std::string::npos) << spec << ": " << error(spec);
  }
  TableDensity density_{{}};
  Energy energy_ = *Energy::make(density_, density_.root(),
                                 *ReplyLaw::make({.horizon = 4}, 4, density_.end_tokens()));
};

TEST_F(MakeKernel, Names) {
  EXPECT_EQ((*make_kernel("suffix:tries=8,cut=entropy,temperature=0.5", energy_))->name(),
            "suffix");
  EXPECT_EQ((*make_kernel("suffix*2+suffix:tries=3", energy_))->moves(),
            (std::vector<std::string>{"suffix", "suffix", "suffix"}));
  for (const char* name : {"gibbs", "insert-delete", "csmc", "exchange", "dmala", "gwg", "pafs",
                           "slice", "hmc", "hmc-token"})
    EXPECT_EQ((*make_kernel(name, energy_))->name(), name);
  EXPECT_EQ((*make_kernel("exchange+gibbs", energy_))->moves(),
            (std::vector<std::string>{"refresh", "swap", "gibbs"}));
}

TEST_F(MakeKernel, ASpecificationKnowsWhetherItWantsALadder) {
  EXPECT_TRUE(KernelSpec::parse("exchange")->wants_ladder());
  EXPECT_TRUE(KernelSpec::parse("suffix*2+exchange")->wants_ladder());
  EXPECT_FALSE(KernelSpec::parse("suffix:tries=2+gibbs")->wants_ladder());
  EXPECT_FALSE(KernelSpec().wants_ladder());
  EXPECT_FALSE(KernelSpec().make(energy_).ok());
  const KernelSpec a = *KernelSpec::parse("suffix"), copy = a;
  EXPECT_EQ(a, copy);
  EXPECT_NE(a, *KernelSpec::parse("suffix"));
}

TEST_F(MakeKernel, Errors) {
  expect_error("sufix", "did you mean suffix?");
  expect_error("", "a kernel's name");
  expect_error("suffix+", "a kernel's name");
  expect_error("suffix*0", "the count at least 1");
  expect_error("suffix*2*3", "the count at least 1");
  expect_error("suffix:tries", "key=value");
  expect_error("suffix:tries=2,tries=3", "each key once");
  expect_error("suffix:trys=2", "did you mean tries?");
  expect_error("suffix:tries=0", "a whole number of at least 1");
  expect_error("suffix:tries=2.5", "a whole number");
  expect_error("suffix:temperature=0", "a number above 0");
  expect_error("suffix:temperature=nan", "a number above 0");
  expect_error("csmc:particles=1", "a whole number of at least 2");
  expect_error("insert-delete:tries=2", "no settings");
  expect_error("slice:block=4", "one of all, suffix, 1, 2, 3");
  expect_error("hmc:force=-1", "a number of at least 0");
  expect_error("hmc:angle=0", "a number above 0");
  expect_error("hmc-token:relaxation=hard", "one of softmax, straight-through");
  expect_error("suffix:cut=middle", "one of uniform, entropy");
}

}  // namespace
}  // namespace ponder
