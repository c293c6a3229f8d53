// Row invariance (../density/invariance.h) on the real models, where they have been fetched.
#include "density/invariance.h"

namespace ponder {
namespace {

TEST(InvarianceOfRealModel, SmolLM2) {
  if (test::smollm2_path().empty()) GTEST_SKIP() << "the model has not been fetched";
  test::check_model(test::smollm2_path(), 12, 20);
}
TEST(InvarianceOfRealModel, Gemma3) {
  if (test::gemma3_path().empty()) GTEST_SKIP() << "the model has not been fetched";
  test::check_model(test::gemma3_path(), 6, 14);
}

}  // namespace
}  // namespace ponder
