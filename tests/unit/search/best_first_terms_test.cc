// Best-first search with terms ranks replies as enumeration does, and names terms that it cannot
// bound.
#include <cmath>
#include <map>
#include <new>

#include "ponder/energy/terms.h"
#include "ponder/search/search.h"
#include "worlds.h"

namespace ponder {
namespace {

using test::World;

std::string letters(ReplyTokens x) {
  std::string s;
  for (Token v : x)
    if (v > 0) s += static_cast<char>('a' + v - 1);
  return s;
}

// A term or two of every kind that has a range, with weights of either sign.
std::vector<std::pair<std::unique_ptr<Term>, double>> random_terms(std::mt19937& rng) {
  static const std::vector<Token> prompt{1, 2, 1, 1};
  std::vector<std::pair<std::unique_ptr<Term>, double>> all;
  for (unsigned k = 0; k <= rng() % 2; ++k) {
    const bool hard = rng() % 2;
    const double beta = hard ? 1 : static_cast<double>(rng() % 800) / 100 - 4;
    const std::string word = rng() % 2 ? "a" : "ba";
    const auto canonical = [](ReplyTokens x) {
      return x.size() != 2 && (x.size() < 2 || x[0] != x[1]);
    };
    std::unique_ptr<Term> t;
    switch (rng() % 6) {
      case 0:
        t = make_keyword_term({.word = word, .forbid = true, .hard = hard}, letters);
        break;
      case 1:
        t = make_keyword_term({.word = word, .hard = hard}, letters);
        break;
      case 2:
        t = make_frozen_term({.begin = static_cast<int>(rng() % 3), .tokens = {1}, .hard = hard});
        break;
      case 3:
        t = make_canonical_term(canonical, hard);
        break;
      case 4:
        t = make_repetition_term(1 + static_cast<int>(rng() % 2));
        break;
      default:
        t = make_copy_term(prompt, 1 + static_cast<int>(rng() % 2));
    }
    all.emplace_back(std::move(t), beta);
  }
  return all;
}

// f + sum beta R by the terms' own values, not by their ranges.
double weighed(const Reply& r, const BestFirstConfig& c) {
  double sum = r.logprob;
  for (const WeightedTerm& t : c.terms) {
    const ReplyTokens x = r.tokens;
    double value = 0;
    EXPECT_TRUE(const_cast<Term*>(t.term)->evaluate({&x, 1}, {&value, 1}).ok());
    if (t.beta != 0) sum += t.beta * value;
  }
  return sum;
}

// The replies that no term forbids, worth most first.
std::vector<Reply> by_worth(const std::vector<Reply>& replies, const BestFirstConfig& c) {
  std::vector<std::pair<double, const Reply*>> all;
  for (const Reply& r : replies)
    if (const double value = weighed(r, c); !std::isinf(value)) all.emplace_back(value, &r);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Reply> sorted;
  for (const auto& [value, reply] : all) sorted.push_back(*reply);
  return sorted;
}

TEST(BestFirst, WithTermsItRanksAsEnumerationDoes) {
  int forbidden = 0, any_length = 0, other = 0;
  test::for_tables(500, [&](const World& w, std::mt19937& rng, int i) {
    if (w.replies.size() > 1000) return;
    const auto terms = random_terms(rng);
    BestFirstConfig c{.n_best = 1 + static_cast<int>(rng() % 3),
                      .max_children = 1 + static_cast<int>(rng() % 4)};
    for (const auto& [term, beta] : terms) c.terms.push_back({term.get(), beta});
    const std::vector<Reply> want = by_worth(w.replies, c);
    const auto r = best_first(*w.density, w.context, w.law, c, w.replies, {});
    const auto alone = best_first(*w.density, w.context, w.law, c, {}, {});
    ASSERT_TRUE(r.ok() && alone.ok()) << alone.error().message();
    for (const auto* found : {&*r, &*alone}) {
      ASSERT_EQ(found->replies.size(), std::min<std::size_t>(c.n_best, want.size()))
          << "world " << i;
      for (std::size_t k = 0; k < found->replies.size(); ++k) {
        ASSERT_NEAR(weighed(found->replies[k], c), weighed(want[k], c), 1e-9) << "world " << i;
        ASSERT_NEAR(worth(c, found->replies[k]), weighed(found->replies[k], c), 1e-12);
      }
    }
    forbidden += want.size() < w.replies.size();
    if (want.empty()) return;
    EXPECT_EQ(alone->certificate.status, Certificate::Status::kOptimal);
    other += want[0].tokens != w.replies[0].tokens;
    if (want.size() > alone->replies.size()) {
      EXPECT_GE(alone->certificate.bound, weighed(want[alone->replies.size()], c) - 1e-9)
          << "world " << i;
    }
    if (alone->certificate.claim != Certificate::Claim::kAnyLength || c.n_best > 1) return;
    ++any_length;
    ReplyLawConfig longer = w.law.config();
    longer.horizon += 1;
    const auto law = *ReplyLaw::make(longer, w.density->n_vocab(), w.density->end_tokens());
    const double best = weighed(want[0], c);
    const std::vector<Reply> all = *enumerate_replies(*w.density, w.context, law);
    for (const Reply& x : all) ASSERT_LE(weighed(x, c), best + 1e-9) << "world " << i;
  });
  EXPECT_GT(forbidden, 50);
  EXPECT_GT(any_length, 10);
  EXPECT_GT(other, 80);
}

// The comparison above detects a range that is too narrow, or a value of a complete reply that is
// too high.
TEST(BestFirst, ATermWhoseRangeIsTooNarrowIsSeen) {
  int wrong = 0;
  test::for_tables(200, [&](const World& w, std::mt19937&, int) {
    const auto value = [](ReplyTokens x) {
      return letters(x).find('b') != std::string::npos ? 2. : 0.;
    };
    const auto pruned = make_term("narrow", value, [value](ReplyTokens begin, int) {
      return TermRange{0, value(begin)};
    });
    const BestFirstConfig c{.terms = {{pruned.get(), 2}}};
    const auto want = by_worth(w.replies, c);
    const auto r = *best_first(*w.density, w.context, w.law, c, {}, {});
    wrong += !want.empty() && weighed(r.replies[0], c) < weighed(want[0], c) - 1e-9;
  });
  EXPECT_GT(wrong, 5);
}

TEST(BestFirst, TermsWithoutABoundAreRefusedByName) {
  TableDensity d({.seed = 3});
  const auto law = *ReplyLaw::make({.horizon = 5}, d.n_vocab(), d.end_tokens());
  const auto own = make_term("own", [](ReplyTokens) { return 0.; });
  const auto hard = make_frozen_term({.tokens = {1}});
  for (const WeightedTerm& t : {WeightedTerm{own.get(), 1}, WeightedTerm{hard.get(), -1}}) {
    const auto r = best_first(d, d.root(), law, {.terms = {t}}, {}, {});
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().got, t.term->name());
  }
  EXPECT_FALSE(
      best_first(d, d.root(), law, {.per_length = true, .terms = {{hard.get(), 1}}}, {}, {}).ok());
  EXPECT_TRUE(best_first(d, d.root(), law, {.terms = {{own.get(), 0}}}, {}, {}).ok())
      << "a weight of 0 asks for nothing";
}

}  // namespace
}  // namespace ponder
