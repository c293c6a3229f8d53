// Oracles that the caller made: designs of built-in terms that say the same, judges, and what is
// left where an oracle fails.
#include "ponder/session/design.h"

#include <gtest/gtest.h>

#include <atomic>

#include "must.h"
#include "says.h"

namespace ponder {
namespace {

using test::must;

constexpr double kTarget = 0.6, kDeviation = 0.1;

// The share of G and C; it fails at a call of the caller's choice.
class OwnGc final : public Term {
 public:
  std::string_view name() const override { return "own-gc"; }
  Status evaluate(std::span<const dna::SequenceView> x, std::span<double> out) override {
    if (++calls >= fails_at) {
      *stop = true;
      return Error{Code::kCancelled, "a value", "a failure", "own-gc", ""};
    }
    return term_->evaluate(x, out);
  }

  int calls = 0, fails_at = INT32_MAX;
  std::atomic<bool>* stop = nullptr;

 private:
  std::unique_ptr<dna::LetterTerm> term_ = dna::make_gc_term(kTarget, kDeviation);
};

DesignRequest request(DesignMethod method) {
  DesignRequest r{.length = 12, .n = 6, .method = method, .chains = 3, .warmup = 5, .steps = 4};
  r.fitness.max_homopolymer = 3;
  return r;
}

constexpr std::array kMethods{DesignMethod::kSample, DesignMethod::kAnneal, DesignMethod::kAscent,
                              DesignMethod::kStraightThrough, DesignMethod::kNeighbours};

TEST(GivenOracles, DesignWhatABuiltInTermDesigns) {
  for (const DesignMethod method : kMethods) {
    DesignRequest built_in = request(method), own = built_in;
    built_in.fitness.terms = {{.kind = GcFitness{kTarget, kDeviation}, .weight = 2}};
    own.fitness.given = {{dna::make_gc_term(kTarget, kDeviation), 2}};
    const auto a = must(design(own)), b = must(design(built_in));
    ASSERT_EQ(a.designs.size(), b.designs.size());
    for (std::size_t i = 0; i < a.designs.size(); ++i) {
      EXPECT_EQ(a.designs[i].sequence, b.designs[i].sequence) << to_string(method);
      EXPECT_EQ(a.designs[i].fitness, b.designs[i].fitness) << to_string(method);
    }
  }
}

TEST(GivenOracles, Judge) {
  DesignRequest r = request(DesignMethod::kSample);
  r.fitness.given = {{dna::make_gc_term(kTarget, kDeviation)}};
  r.judge = dna::make_gc_term(kTarget, kDeviation);
  for (const auto& d : must(design(r)).designs) EXPECT_EQ(d.held_out, d.fitness);
  r.held_out = "a file";
  EXPECT_SAYS(design(r), "expected one oracle that judges, got a file and another");
}

TEST(GivenOracles, AFailureLeavesTheDesignsBeforeIt) {
  std::atomic<bool> stop{false};
  for (const DesignMethod method : kMethods) {
    DesignRequest r = request(method);
    const auto term = std::make_shared<OwnGc>();
    term->stop = &stop;
    term->fails_at = method == DesignMethod::kSample ? 40 : 3;
    r.n = 3;
    if (method == DesignMethod::kSample) r.n = 60;
    r.tau = 0.5;
    r.fitness.given = {{term, 2}};
    stop = false;
    EXPECT_SAYS(design(r), "got a failure (own-gc)");  // nobody who asked can stop it
    r.budget.stop = &stop;
    stop = false;
    term->calls = 0;
    const auto a = must(design(r));
    ASSERT_FALSE(a.designs.empty()) << to_string(method);
    DesignRequest again = r;
    again.fitness.given = {{dna::make_gc_term(kTarget, kDeviation), 2}};
    again.budget = {};
    for (const auto& d : a.designs) again.given.push_back({"", d.sequence});
    const auto scored = must(design(again));
    for (std::size_t i = 0; i < a.designs.size(); ++i)
      EXPECT_NEAR(a.designs[i].fitness, scored.designs[i].fitness, 1e-9) << to_string(method);
    r.given = again.given;
    stop = false;
    EXPECT_SAYS(design(r), "got a failure (own-gc)");  // nothing is known of given sequences
  }
}

TEST(GivenOracles, AFitnessNeedsATerm) {
  DesignRequest r = request(DesignMethod::kSample);
  r.fitness.where = "F.json";
  EXPECT_SAYS(design(r), "expected a list of terms, got none (F.json)");
}

}  // namespace
}  // namespace ponder
