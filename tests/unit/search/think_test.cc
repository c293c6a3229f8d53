// The portfolio on random tables and on a tiny model: the result is never worse than the first
// reply and is optimal where it says so, every method can be named, and the search ends when told
// to.
#include "ponder/search/think.h"

#include <cmath>

#include "worlds.h"

namespace ponder {
namespace {

using test::World;

bool no_worse(const World& w, const ThinkResult& r) {
  return !w.law.is_reply(r.first.tokens) || r.best.logprob >= r.first.logprob;
}

TEST(Think, NeverWorseAndProvedOnRandomWorlds) {
  int better = 0, proved = 0;
  test::for_tables(300, [&](const World& w, std::mt19937& rng, int i) {
    const auto r = think(*w.density, w.context, w.law, {}, {});
    ASSERT_TRUE(r.ok()) << r.error().message();
    if (w.replies.empty()) return;
    EXPECT_NEAR(r->best.logprob, w.replies[0].logprob, 1e-12) << i;
    EXPECT_EQ(r->certificate.status, Certificate::Status::kOptimal);
    EXPECT_TRUE(no_worse(w, *r)) << i;
    better += r->best.logprob > r->first.logprob + 1e-9;
    // However short the budget, there is a first reply, the best one is no worse, and the
    // certificate is true.
    const auto hurried =
        think(*w.density, w.context, w.law, {}, {.tokens = static_cast<std::int64_t>(rng() % 60)});
    ASSERT_TRUE(hurried.ok());
    EXPECT_EQ(hurried->first.tokens, r->first.tokens);
    EXPECT_TRUE(no_worse(w, *hurried)) << i;
    const Certificate& c = hurried->certificate;
    if (c.status == Certificate::Status::kNone) return;
    EXPECT_GE(hurried->best.logprob + c.gap, w.replies[0].logprob - 1e-12) << i;
    proved += c.status == Certificate::Status::kOptimal;
  });
  EXPECT_GT(better, 30);
  EXPECT_GT(proved, 30);
}

TEST(Think, EveryMethodOfTablesByItsName) {
  TableDensity d({.n_vocab = 5, .seed = 17, .peak = 3});
  const auto law = *ReplyLaw::make({.target = Target::kTruncated, .horizon = 5}, 5, d.end_tokens());
  const auto all = *enumerate_replies(d, d.root(), law);
  for (const std::string name : {"anneal", "beam", "prove", "smc"}) {
    const auto r = think(d, d.root(), law, {.methods = {name}}, {});
    ASSERT_TRUE(r.ok()) << r.error().message();
    EXPECT_EQ(r->methods.back().name, name);
    EXPECT_TRUE(r->methods.back().found) << name;
    EXPECT_GT(r->methods.back().cost.total(), 0) << name;
    EXPECT_NEAR(r->best.logprob, all[0].logprob, 1e-9) << name;
    EXPECT_EQ(r->certificate.status == Certificate::Status::kOptimal, name == "prove");
  }
  const auto two = think(d, d.root(), law, {.methods = {"beam", "smc"}}, {});
  ASSERT_EQ(two->methods.size(), 3u);
  EXPECT_EQ(two->methods[2].name, "smc");
  const auto wrong = think(d, d.root(), law, {.methods = {"anneall"}}, {});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().hint, "did you mean anneal?");
  EXPECT_EQ(think(d, d.root(), law, {.methods = {"ascent"}}, {}).error().code, Code::kUnsupported);
  EXPECT_EQ(d.n_live(), 0);
}

TEST(Think, MethodsHaveSettings) {
  TableDensity d({.n_vocab = 5, .end_tokens = {0}, .seed = 17, .peak = 1});
  const auto law = *ReplyLaw::make({.target = Target::kFixed, .horizon = 8}, 5, d.end_tokens());
  const auto run = [&](const std::string& method) {
    return think(d, d.root(), law, {.methods = {method}}, {});
  };
  const auto spent = [&](const std::string& method) {
    const auto r = run(method);
    EXPECT_TRUE(r.ok()) << method;
    EXPECT_EQ(r->methods.back().name, method);
    return r->methods.back().cost.total();
  };
  // Each prefix costs one token, so the cost shows the width of a beam and the number of draws.
  EXPECT_EQ(spent("beam:width=1"), 7);
  EXPECT_EQ(spent("beam:width=4"), 7 * 4);
  EXPECT_EQ(spent("draft:replies=1"), 7);
  EXPECT_EQ(spent("draft:replies=40"), 7 * 40);
  EXPECT_LT(spent("smc:particles=2"), spent("smc:alpha=2,particles=20"));
  EXPECT_LT(spent("anneal:chains=2,slice=0"), spent("anneal:chains=8,slice=0"));
  const auto twice = run("beam:width=2*2+draft:replies=3");
  ASSERT_EQ(twice->methods.size(), 4u);
  EXPECT_EQ(twice->methods[1].cost.total(), twice->methods[2].cost.total());
  for (const auto& [wrong, hint] :
       std::vector<std::pair<std::string, std::string>>{{"beam:widht=3", "did you mean width?"},
                                                        {"beam:width=0", ""},
                                                        {"prove:width=3", ""},
                                                        {"anneal:slice=2", ""}}) {
    const Status s = check_methods({wrong});
    ASSERT_FALSE(s.ok()) << wrong;
    EXPECT_EQ(s.error().code, Code::kInvalid);
    EXPECT_EQ(s.error().hint, hint);
    EXPECT_NE(s.error().message().find("method `"), std::string::npos) << s.error().message();
    EXPECT_FALSE(run(wrong).ok());
  }
  EXPECT_TRUE(
      check_methods({"hmc:force=0,steps=2", "hmc-token:step=0.1", "ascent:rate=1", "ascent-noise"})
          .ok());
  EXPECT_EQ(d.n_live(), 0);
}

// A beam that has begun is not cut off by its share; a wider one does not begin when half of the
// share is spent.
TEST(Think, BeamsEnd) {
  TableDensity d({.n_vocab = 5, .end_tokens = {0}, .seed = 17, .peak = 1});
  const auto law = *ReplyLaw::make({.target = Target::kFixed, .horizon = 8}, 5, d.end_tokens());
  constexpr std::int64_t kFirst = 7, kFour = 7 * 4;
  const auto run = [&](std::int64_t for_both) {  // half of it is the share of the beams
    return *think(d, d.root(), law, {.methods = {"beam", "draft"}, .drafts = 1},
                  {.tokens = kFirst + for_both});
  };
  const auto alone = *think(d, d.root(), law, {.methods = {"beam:width=4"}}, {});
  for (const std::int64_t for_both : {kFour, kFour + 8}) {
    const auto r = run(for_both);
    EXPECT_EQ(r.methods[1].cost.total(), kFour) << for_both;
    EXPECT_EQ(r.best.logprob, alone.best.logprob) << for_both;
  }
  EXPECT_EQ(run(4 * kFour - 8).methods[1].cost.total(), kFour);
  EXPECT_GT(run(4 * kFour + 8).methods[1].cost.total(), kFour);
}

// Two thirds of the first reply's tokens, and the horizon half as long again: the law of the search
// alone, whose log-probabilities stay those of the law. A likelier but shorter reply is reported
// separately and is part of the proof.
TEST(Think, ComparesLikeLengths) {
  int shorter = 0, also_proved = 0, also_before_the_end = 0, any = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    TableDensity d({.n_vocab = 4, .end_tokens = {0}, .seed = seed, .peak = 2});
    const auto law = *ReplyLaw::make({.target = Target::kEnded, .horizon = 7}, 4, d.end_tokens());
    const ThinkConfig c{
        .first = {.temperature = 1, .seed = seed}, .like_lengths = true, .fit_horizon = true};
    const auto all = *enumerate_replies(d, d.root(), law);
    for (const std::int64_t budget : {20, 100'000}) {
      const auto r = think(d, d.root(), law, c, {.tokens = budget});
      ASSERT_TRUE(r.ok()) << r.error().message();
      const std::size_t n = r->first.tokens.size();
      EXPECT_EQ(r->law.shortest, static_cast<int>(std::ceil(2. * static_cast<double>(n) / 3)));
      EXPECT_EQ(r->law.horizon, 7);
      EXPECT_EQ(r->gain.has_value(), r->first.ended) << seed;
      EXPECT_EQ(r->gain.value_or(0), r->gain ? r->best.logprob - r->first.logprob : 0);
      EXPECT_TRUE(r->trace.empty() || static_cast<int>(r->best.tokens.size()) >= r->law.shortest);
      const auto known = [&](const Reply& x) {
        const auto at = std::find_if(all.begin(), all.end(),
                                     [&](const Reply& y) { return y.tokens == x.tokens; });
        return at != all.end() && std::abs(at->logprob - x.logprob) < 1e-12;
      };
      if (r->also) {
        EXPECT_TRUE(known(*r->also)) << seed;
        EXPECT_LT(static_cast<int>(r->also->tokens.size()), r->law.shortest);
        EXPECT_TRUE(r->trace.empty() || r->also->logprob > r->best.logprob);
        ++shorter;
      }
      const Reply& mode = all[0];
      if (r->also_proved) {
        EXPECT_NEAR(r->also->logprob, mode.logprob, 1e-12) << seed;
        also_before_the_end += r->certificate.status != Certificate::Status::kOptimal;
      }
      if (r->certificate.status != Certificate::Status::kOptimal) continue;
      EXPECT_EQ(r->also_proved, r->also.has_value()) << seed;
      const auto like = std::find_if(all.begin(), all.end(), [&](const Reply& x) {
        return static_cast<int>(x.tokens.size()) >= r->law.shortest;
      });
      EXPECT_NEAR(r->best.logprob, like->logprob, 1e-12) << seed;
      if (r->also) {
        EXPECT_NEAR(r->also->logprob, mode.logprob, 1e-12) << seed;
        EXPECT_EQ(r->certificate.shortest, r->law.shortest);
        ++also_proved;
      } else {  // no shorter reply is likelier, so the proof holds for all lengths
        EXPECT_NEAR(r->best.logprob, mode.logprob, 1e-12) << seed;
        EXPECT_EQ(r->certificate.shortest, 0);
        ++any;
      }
    }
  }
  EXPECT_GT(shorter, 30);
  EXPECT_GT(also_proved, 30);
  EXPECT_GT(also_before_the_end, 0);
  EXPECT_GT(any, 30);
}

TEST(Think, TheHorizonFollowsTheFirstReply) {
  TableDensity d({.n_vocab = 6, .end_tokens = {0}, .seed = 4, .peak = 0.3});
  const auto horizon = [&](int given, std::uint64_t seed, bool fit, std::size_t& n) {
    const auto law =
        *ReplyLaw::make({.target = Target::kEnded, .horizon = given}, 6, d.end_tokens());
    const ThinkConfig c{
        .first = {.temperature = 1, .seed = seed}, .fit_horizon = fit, .methods = {"draft"}};
    const auto r = *think(d, d.root(), law, c, {.tokens = 10});
    n = r.first.tokens.size();
    return r.law.horizon;
  };
  std::size_t n = 0;
  int longer = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const int got = horizon(100, seed, true, n),
              fits = static_cast<int>(std::ceil(1.5 * static_cast<double>(n)));
    EXPECT_EQ(got, std::min(100, std::max(40, fits))) << n;
    longer += got > 40;
    EXPECT_EQ(horizon(30, seed, true, n), 30);
    EXPECT_EQ(horizon(100, seed, false, n), 100);
  }
  EXPECT_GT(longer, 0);
}

// The trace has each better reply at the cost at which it was found, and the end.
TEST(Think, TheTraceTellsWhatWasKnownWhen) {
  TableDensity d({.n_vocab = 8, .end_tokens = {0}, .seed = 5, .peak = 1});
  const auto law = *ReplyLaw::make({.target = Target::kEnded, .horizon = 12, .min_length = 8}, 8,
                                   d.end_tokens());
  // Each method with the cost by which it must have reported a better reply, long before it ends.
  const std::vector<std::pair<std::string, std::int64_t>> methods{{"draft:replies=200", 130},
                                                                  {"beam:width=64", 500},
                                                                  {"smc", 250},
                                                                  {"anneal", 100},
                                                                  {"prove", 270}};
  for (const auto& [method, by] : methods) {
    const Cost before = d.cost();
    std::vector<double> told;
    // A greedy first reply would hide later ones, so the first reply is an unlikely one.
    ThinkConfig c{.first = {.temperature = 5, .seed = 2}, .methods = {method}, .drafts = 0};
    c.progress = [&](const ThinkProgress& p) {
      if (p.best && (told.empty() || p.best->logprob > told.back()))
        told.push_back(p.best->logprob);
    };
    const auto r = think(d, d.root(), law, c, {.tokens = 8000});
    ASSERT_TRUE(r.ok()) << method;
    const auto& t = r->trace;
    ASSERT_GE(t.size(), 3u) << method;
    EXPECT_EQ(t[0].logprob, r->first.logprob) << method;
    EXPECT_LE(t[1].tokens, by) << method;
    for (std::size_t k = 1; k < t.size(); ++k) {
      EXPECT_GE(t[k].tokens, t[k - 1].tokens) << method;
      EXPECT_GE(t[k].seconds, t[k - 1].seconds) << method;
      EXPECT_EQ(t[k].logprob > t[k - 1].logprob, k + 1 < t.size()) << method;
    }
    EXPECT_EQ(t.back().tokens, (d.cost() - before).total()) << method;
    EXPECT_EQ(t.back().logprob, r->best.logprob) << method;
    for (double f : told)
      EXPECT_TRUE(std::any_of(t.begin(), t.end(), [f](const ThinkPoint& p) {
        return p.logprob == f;
      })) << method;
  }
  const auto none = think(d, d.root(), law, {.methods = {"prove"}}, {.tokens = 0});
  EXPECT_EQ(none->trace.empty(), !none->first.ended);
}

// A proof gives up with one prefix left whose continuation is certain. A beam finds the reply that
// it leads to: no bound exceeds it, and no second proof is needed. (The worlds were found among
// 60,000.)
TEST(Think, WhatIsFoundLaterClosesTheGap) {
  for (const std::uint64_t seed : {1508u, 3018u}) {
    TableDensity d({.n_vocab = 4, .end_tokens = {0}, .seed = seed, .peak = 25});
    const auto law =
        *ReplyLaw::make({.target = Target::kTruncated, .horizon = 4}, 4, d.end_tokens());
    ThinkConfig c{.methods = {"prove"}, .beam = 4, .best_first = {.batch = 1, .slack = 0.25}};
    const auto alone = think(d, d.root(), law, c, {.tokens = 4});
    EXPECT_EQ(alone->certificate.status, Certificate::Status::kGap);
    EXPECT_NEAR(alone->certificate.margin, -alone->certificate.gap, 1e-12);
    c.methods = {"prove", "beam", "prove"};
    const auto r = think(d, d.root(), law, c, {.tokens = 10});
    EXPECT_EQ(r->methods.back().name, "beam") << seed;
    EXPECT_NEAR(r->best.logprob, (*enumerate_replies(d, d.root(), law))[0].logprob, 1e-12) << seed;
    EXPECT_EQ(r->certificate.status, Certificate::Status::kOptimal) << seed;
    EXPECT_EQ(r->certificate.gap, 0) << seed;
    EXPECT_EQ(r->certificate.margin, 0) << seed;
    EXPECT_EQ(r->certificate.tie, 0.25) << seed;  // replies within the slack have not been checked
  }
}

TEST(Think, BudgetStopAndPatience) {
  TableDensity d({.n_vocab = 6, .end_tokens = {0}, .seed = 4, .peak = 0.3});
  const auto law = *ReplyLaw::make({.target = Target::kFixed, .horizon = 30}, 6, d.end_tokens());
  for (const std::int64_t tokens : {0, 10, 500, 5000}) {
    const Cost before = d.cost();
    const auto r = think(d, d.root(), law, {}, {.tokens = tokens});
    // the stop is at most one batch late
    EXPECT_LE((d.cost() - before).total(), std::max<std::int64_t>(tokens, 30) + 100);
    EXPECT_EQ(r->first.tokens.size(), 30u);
    if (tokens == 0) {
      EXPECT_EQ(r->methods.size(), 1u);
      EXPECT_EQ(r->best.tokens, r->first.tokens);
      EXPECT_EQ(r->certificate.status, Certificate::Status::kNone);
    } else if (tokens == 5000) {
      EXPECT_GT(r->methods.size(), 4u);
    }
  }
  std::atomic<bool> stop{true};
  EXPECT_TRUE(think(d, d.root(), law, {}, {.stop = &stop})->first.tokens.empty());
  // The search gives up after 200 tokens without a better reply; the cost shows when it found the
  // last one.
  std::int64_t gained = 0;
  double best = -1e9;
  ThinkConfig c{.methods = {"anneal"}, .patience_tokens = 200};
  const Cost before = d.cost();
  c.progress = [&](const ThinkProgress& p) {
    if (p.best && p.best->logprob > best) best = p.best->logprob, gained = p.tokens;
  };
  const auto r = think(d, d.root(), law, c, {.tokens = 1'000'000});
  const std::int64_t spent = (d.cost() - before).total();
  EXPECT_NEAR(r->best.logprob, best, 1e-12);
  EXPECT_GT(spent, gained + 100);
  EXPECT_LE(spent, gained + 400);
}

// Settings are passed as values, so a step too small for six decimals is kept.
TEST(Think, SettingsKeepTheirDigits) {
  TableDensity d({.n_vocab = 5, .end_tokens = {0}, .seed = 17, .peak = 1});
  const auto law = *ReplyLaw::make({.target = Target::kFixed, .horizon = 4}, 5, d.end_tokens());
  for (const char* method : {"hmc:angle=1e-7,force=0", "hmc-token:step=1e-9,force=0"}) {
    ASSERT_TRUE(check_methods({method}).ok()) << method;
    const auto r = think(d, d.root(), law, {.methods = {method}}, {.tokens = 500});
    EXPECT_TRUE(r.ok()) << method << ": " << r.error().message();
  }
}

TEST(Think, RelaxedMethodsOnATinyModel) {
  const auto file =
      GgufFile::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/llama-tied/model.gguf");
  const auto model = Model::load(*file, {.precision = Precision::kF32});
  ASSERT_TRUE(model.ok());
  auto d = *LanguageDensity::make(*model, {.end_tokens = {294}});
  const PrefixRef context = *d->add_context(std::vector<Token>{5, 60, 7});
  const auto law =
      *ReplyLaw::make({.target = Target::kTruncated, .horizon = 6}, d->n_vocab(), d->end_tokens());
  for (const std::string name : {"ascent", "ascent-noise", "hmc", "hmc-token"}) {
    const auto r =
        think(*d, context, law, {.methods = {name}}, {.tokens = name == "ascent" ? 20000 : 3000});
    ASSERT_TRUE(r.ok()) << name << ": " << r.error().message();
    const ThinkMethod& m = r->methods.back();
    EXPECT_EQ(m.name, name);
    EXPECT_TRUE(m.found) << name;
    EXPECT_GT(m.cost.tokens_backward, 0) << name;
    EXPECT_EQ(m.gap.has_value(), name == "ascent") << m.cost.total();
    EXPECT_GE(r->best.logprob, r->first.logprob);
    // The reported log-probability is that of the law.
    Rows rows;
    const auto masks = law.masks(r->best.tokens.size());
    const Extend e{
        .parent = context, .tokens = r->best.tokens, .rows = RowSet::kTargets, .masks = masks};
    ASSERT_TRUE(d->extend({&e, 1}, rows).ok());
    double f = 0;
    for (const Row& row : rows.rows) f += row.logprob;
    EXPECT_NEAR(r->best.logprob, f, 1e-6) << name;
  }
}

}  // namespace
}  // namespace ponder
