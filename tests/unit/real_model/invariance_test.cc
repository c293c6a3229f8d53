// Row invariance (../density/invariance.h) on the real models, where they have been fetched, on
// every engine.
#include "density/invariance.h"

namespace ponder {
namespace {

TEST(InvarianceOfRealModel, SmolLM2) {
  if (test::smollm2_path().empty()) GTEST_SKIP() << "the model has not been fetched";
  for (const EngineKind& e : engines()) test::check_model(test::smollm2_path(), e, 12, 20);
}
TEST(InvarianceOfRealModel, Gemma3) {
  if (test::gemma3_path().empty()) GTEST_SKIP() << "the model has not been fetched";
  for (const EngineKind& e : engines()) test::check_model(test::gemma3_path(), e, 6, 14);
}

}  // namespace
}  // namespace ponder
