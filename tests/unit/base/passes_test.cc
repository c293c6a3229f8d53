// Passes of bounded size, and the halving of those that fail.
#include "base/passes.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ponder {
namespace {

using Sizes = std::vector<std::size_t>;

Sizes sizes_of_passes(const std::vector<std::size_t>& tokens) {
  Sizes sizes;
  in_passes(
      std::span(tokens), [](auto, std::size_t n) { return n; },
      [&](auto pass) {
        sizes.push_back(pass.size());
        return true;
      });
  return sizes;
}

TEST(Passes, HoldAsManyItemsAsFit) {
  EXPECT_EQ(sizes_of_passes({}), Sizes{});
  EXPECT_EQ(sizes_of_passes({4096, 4096, 1}), (Sizes{2, 1}));
  EXPECT_EQ(sizes_of_passes({9000, 1, 1, 9000, 9000}), (Sizes{1, 2, 1, 1}));
}

TEST(Passes, TheFirstItemsOfAPassSayWhatTheNextAdds) {
  std::vector<int> work(10, 0);
  Sizes seen;
  in_passes(
      std::span(work),
      [&](auto begin, int) {
        seen.push_back(begin.size());
        return 4000;
      },
      [](auto) { return true; });
  EXPECT_EQ(seen, (Sizes{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1}));
}

TEST(Passes, OnlyWhatCannotBeDoneIsLeft) {
  const std::set<int> bad{3, 4};
  std::vector<int> work{0, 1, 2, 3, 4, 5, 6}, done, failed;
  halve_on_failure(std::span(work), [&](std::span<int> pass) {
    for (const int i : pass) {
      if (!bad.contains(i)) continue;
      if (pass.size() == 1) failed.push_back(i);
      return pass.size() == 1;
    }
    done.insert(done.end(), pass.begin(), pass.end());
    return true;
  });
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2, 5, 6}));
  EXPECT_EQ(failed, (std::vector<int>{3, 4}));
}

}  // namespace
}  // namespace ponder
