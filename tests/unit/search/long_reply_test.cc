// What think does after a long first reply: the widest beam that ends in time, annealing, and the
// caller's own work before both; and how many streams end in time.
#include <gtest/gtest.h>

#include "law/toy/table.h"
#include "ponder/search/think.h"
#include "search/clock.h"

namespace ponder {
namespace {

struct LongWorld {
  TableDensity density{{.n_vocab = 5, .end_tokens = {0}, .seed = 3, .peak = 1, .n_ctx = 200}};
  ReplyLaw law(int n) {
    return *ReplyLaw::make({.target = Target::kFixed, .horizon = n}, 5, density.end_tokens());
  }
  std::vector<std::string> methods(int n, const ThinkConfig& c, std::int64_t tokens) {
    const auto r = think(density, density.root(), law(n), c, {.tokens = tokens});
    EXPECT_TRUE(r.ok()) << r.error().message();
    std::vector<std::string> names;
    for (const ThinkMethod& m : r->methods) names.push_back(m.name);
    gain = r->best.logprob - r->first.logprob;
    return names;
  }
  double gain = 0;
};

TEST(LongReply, ABeamThatFitsTheBudgetAndAnnealing) {
  LongWorld w;
  // The first reply costs 99 tokens, and 41 beams of 1.2 times as many fit into what 5,000 leave.
  EXPECT_EQ(w.methods(100, {}, 5000),
            (std::vector<std::string>{"first", "beam:width=41", "anneal"}));
  EXPECT_GT(w.gain, 1);
  EXPECT_EQ(w.methods(100, {}, 150), (std::vector<std::string>{"first", "anneal"}));
  EXPECT_EQ(w.methods(20, {}, 5000)[1], "prove");
  EXPECT_EQ(w.methods(20, {}, 50)[1], "anneal");  // a third of the budget is gone
  EXPECT_EQ(w.methods(100, {.methods = {"smc"}}, 5000)[1], "smc");
}

TEST(LongReply, TheCallerComesBeforeTheSearch) {
  LongWorld w;
  int called = 0;
  ThinkConfig c;
  c.before_long_search = [&](const Reply& first, const Budget& rest) -> Status {
    ++called;
    EXPECT_EQ(first.tokens.size(), 100u);
    EXPECT_EQ(rest.tokens, 4901);
    return {};
  };
  w.methods(100, c, 5000);
  EXPECT_EQ(called, 1);
  w.methods(20, c, 5000);
  EXPECT_EQ(called, 1);
  c.before_long_search = [](const Reply&, const Budget&) -> Status {
    return Error{Code::kNumeric, "a", "b", "c", ""};
  };
  EXPECT_FALSE(think(w.density, w.density.root(), w.law(100), c, {.tokens = 5000}).ok());
}

TEST(StreamsInTime, CountsBySecondsAndByWork) {
  EXPECT_EQ(streams_in_time(1, 100, {.seconds = 4.81}, 64), 16);
  EXPECT_EQ(streams_in_time(1, 100, {.seconds = 4.81}, 8), 8);
  EXPECT_EQ(streams_in_time(1, 100, {.seconds = 0.5}, 64), 0);
  EXPECT_EQ(streams_in_time(1, 100, {.tokens = 361}, 64), 3);
  EXPECT_EQ(streams_in_time(1, 100, {}, 64), 64);
}

}  // namespace
}  // namespace ponder
