// Longer runs of the kernels that move continuous variables, in more settings than in the fast
// tests. docs/methods.md#long-runs.
#include "long_run.h"

namespace ponder::test {
namespace {

class ContinuousLongRun : public testing::TestWithParam<const char*> {};
TEST_P(ContinuousLongRun, StaysInTheTarget) { expect_exact_in_long_runs(GetParam(), 1500, 60); }
INSTANTIATE_TEST_SUITE_P(
    Kernels, ContinuousLongRun,
    testing::Values("slice", "slice:block=all", "slice:block=2", "hmc:angle=0.6",
                    "hmc:block=1,angle=0.8", "hmc:force=1,angle=0.5",
                    "hmc:force=1.5,tau=0.5,block=all,angle=0.4,steps=4",
                    "hmc:force=2,block=2,angle=0.7", "hmc-token:step=0.5,candidates=3,block=2",
                    "hmc-token:step=0.4,force=1,tau=0.5,relaxation=straight-through",
                    "hmc-token:step=0.3,force=0.7,steps=5,block=suffix"));

}  // namespace
}  // namespace ponder::test
