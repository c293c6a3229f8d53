// Row invariance (invariance.h) on the tiny models of every architecture, on every engine.
#include "invariance.h"

namespace ponder {
namespace {

class Invariance : public testing::TestWithParam<test::OnEngine> {};
TEST_P(Invariance, RandomTrees) {
  test::check_model(GetParam().path(), *GetParam().engine, 18, 24);
}
INSTANTIATE_TEST_SUITE_P(Tiny, Invariance, testing::ValuesIn(test::on_engines(test::kTiny)),
                         test::suite_name);

}  // namespace
}  // namespace ponder
