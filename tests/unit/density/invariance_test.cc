// Row invariance (invariance.h) on the tiny models of every architecture.
#include "invariance.h"

namespace ponder {
namespace {

class Invariance : public testing::TestWithParam<std::string> {};
TEST_P(Invariance, RandomTrees) { test::check_model(test::tiny_path(GetParam()), 18, 24); }
INSTANTIATE_TEST_SUITE_P(Tiny, Invariance, testing::ValuesIn(test::kTiny), test::suite_name);

}  // namespace
}  // namespace ponder
