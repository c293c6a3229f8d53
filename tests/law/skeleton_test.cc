// The skeleton of docs/howto-add-kernel.md keeps the law that every kernel must keep.
#include "skeleton.h"

#include "worlds.h"

namespace ponder::test {
namespace {

TEST(Skeleton, IsExact) {
  report("substitute",
         law_of(60, [](const Energy& e) { return std::make_unique<SubstituteKernel>(e); }));
}

}  // namespace
}  // namespace ponder::test
