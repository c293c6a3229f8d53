// The law of suffix moves. METHODS 2.1.
#include "worlds.h"

namespace ponder::test {
namespace {

TEST(SuffixLaw, OneTry) {
  expect_exact("suffix", 60);
  expect_exact("suffix:cut=entropy", 40);
}
TEST(SuffixLaw, OtherTemperature) { expect_exact("suffix:temperature=0.7", 40); }
TEST(SuffixLaw, SeveralTries) {
  expect_exact("suffix:tries=2,cut=entropy", 25, {.max_replies = 12});
  expect_exact("suffix:tries=3,temperature=2", 10, {.max_replies = 7});
}

}  // namespace
}  // namespace ponder::test
