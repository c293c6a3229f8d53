// The contract of every density on single requests: a wrong one fails alone, and costs add up.
// Tested on the table; the density tests check a model.
#include "law/requests.h"

#include <gtest/gtest.h>

#include "law/toy/table.h"

namespace ponder {
namespace {

TEST(Requests, AWrongOneFailsAlone) {
  TableDensity d({.n_vocab = 4, .end_tokens = {0}, .n_ctx = 6});
  const Token good[] = {1, 2, 3}, bad[] = {1, 4}, many[] = {1, 1, 1, 1, 1, 1, 1};
  const TokenMask wrong(5);
  const Extend right{.parent = d.root(), .tokens = good, .rows = RowSet::kTargets};
  const Extend batch[] = {
      right,
      {.parent = d.root(), .tokens = bad},
      {.tokens = good},
      {.parent = d.root(), .tokens = many},
      {.parent = d.root(), .tokens = good, .masks = {&wrong}},
      {.parent = d.root(), .tokens = good, .rows = RowSet::kAll, .masks = {nullptr, nullptr}},
      {.parent = d.root(), .tokens = {good, 1}}};
  {
    Rows rows;
    const Status s = d.extend(batch, rows);
    ASSERT_FALSE(s.ok());
    EXPECT_EQ(s.error().got, "4");
    for (const std::size_t r : {1, 2, 3, 4, 5}) {
      EXPECT_FALSE(rows.status[r].ok()) << r;
      EXPECT_TRUE(rows.of(r).empty()) << r;
      EXPECT_EQ(rows.end[r].get(), kNoPrefix) << r;
      EXPECT_EQ(rows.cost[r].total(), 0) << r;
    }
    EXPECT_TRUE(rows.status[0].ok() && rows.status[6].ok());
    EXPECT_EQ(rows.of(0).size(), 3u);
    EXPECT_EQ(rows.of(6).size(), 1u);
    EXPECT_EQ(rows.end[6].depth(), 1);
    EXPECT_EQ(rows.cost[0].tokens_scored, 3);
    EXPECT_EQ(rows.cost[6].tokens_decoded, 1);
    EXPECT_EQ(rows.total_cost().total(), d.cost().total());
  }
  EXPECT_EQ(d.n_live(), 0);
}

TEST(Requests, APassThatFailsFailsThemAll) {
  TableDensity d({});
  const Token one[] = {1};
  const Extend e{.parent = d.root(), .tokens = one};
  Rows rows;
  ASSERT_TRUE(d.extend({&e, 1}, rows).ok());
  const Status s = rows.fail(2, {Code::kResource, "room", "none", "", ""});
  EXPECT_EQ(s.error().code, Code::kResource);
  EXPECT_EQ(rows.end.size(), 2u);
  EXPECT_TRUE(rows.of(0).empty() && rows.of(1).empty());
  EXPECT_FALSE(rows.status[0].ok() || rows.status[1].ok());
  EXPECT_EQ(d.n_live(), 0);
}

}  // namespace
}  // namespace ponder
