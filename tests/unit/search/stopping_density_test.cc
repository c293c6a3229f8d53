// A density whose budget is spent refuses every request, and returns no results of an earlier pass.
#include "search/stopping_density.h"

#include <gtest/gtest.h>

#include "law/toy/table.h"

namespace ponder {
namespace {

TEST(StoppingDensity, RefusesEveryRequestOnceTheBudgetIsSpent) {
  TableDensity table({});
  const Budget budget{.tokens = 2};
  StoppingDensity d(table, budget);
  const Token one[] = {1};
  const std::vector<Extend> batch(2, {.parent = PrefixRef::share(d, 0), .tokens = one});
  Rows rows;
  ASSERT_TRUE(d.extend(batch, rows).ok());
  EXPECT_EQ(rows.total_cost().tokens_decoded, 2);
  const Status s = d.extend(batch, rows);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, Code::kCancelled);
  ASSERT_EQ(rows.status.size(), 2u);
  for (const std::size_t r : {0, 1}) {
    EXPECT_FALSE(rows.status[r].ok()) << r;
    EXPECT_TRUE(rows.of(r).empty()) << r;
    EXPECT_EQ(rows.end[r].get(), kNoPrefix) << r;
  }
  EXPECT_EQ(table.n_live(), 0);
}

}  // namespace
}  // namespace ponder
