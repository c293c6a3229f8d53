// Terms that the caller made: the draws and the proofs of built-in terms that say the same, one
// call a step for all chains, and what is left where a term fails.
#include <gtest/gtest.h>

#include <atomic>

#include "says.h"
#include "toy_session.h"

namespace ponder {
namespace {

using test::kSum;
using test::must;
using test::toy_session;

// R = weight n, as the length prior of so many nats a token. Counts its calls and the replies of
// each, and fails at a call of the caller's choice.
class PerToken final : public Term {
 public:
  std::string_view name() const override { return "per-token"; }
  Status evaluate(std::span<const ReplyTokens> replies, std::span<double> out) override {
    if (++calls == fails_at) {
      if (stop) *stop = true;
      return Error{Code::kNumeric, "a value", "a failure", "per-token", ""};
    }
    most = std::max(most, replies.size());
    for (std::size_t i = 0; i < replies.size(); ++i)
      out[i] = static_cast<double>(replies[i].size());
    return {};
  }

  int calls = 0, fails_at = 0;
  std::size_t most = 0;  // replies of one call
  std::atomic<bool>* stop = nullptr;
};

SampleRequest draws(int chains) {
  return {.prompt = kSum,
          .law = {.max_length = 12},
          .alpha = 2,
          .chains = {.chains = chains, .warmup = 3, .seed = 5},
          .draws = 9};
}

TEST(GivenTerms, DrawWhatABuiltInTermDraws) {
  const auto s = toy_session();
  SampleRequest own = draws(4), built_in = draws(4);
  own.terms.given = {{std::make_shared<PerToken>(), 0.25}};
  built_in.terms = must(TermsRequest::parse({}, "0.25"));
  const auto a = must(s->sample(own)), b = must(s->sample(built_in));
  EXPECT_EQ(a.trace.replies, b.trace.replies);
  EXPECT_NE(a.trace.replies, must(s->sample(draws(4))).trace.replies);
  EXPECT_EQ(a.trace.posterior[2].name, "per-token");
  EXPECT_EQ(a.terms, "\nper-token:0.25");
}

TEST(GivenTerms, AreAskedOnceAStepForAllChains) {
  const auto s = toy_session();
  const auto term = std::make_shared<PerToken>();
  SampleRequest r = draws(16);
  int before = -1;
  r.progress = [&](const Chains& c, double) {
    if (c.n_steps() == 1) before = term->calls;
  };
  r.terms.given = {{term, 0.25}};
  (void)must(s->sample(r));
  EXPECT_EQ(term->calls - before, 3 + 9 - 1);
  EXPECT_EQ(term->most, 16U);
}

TEST(GivenTerms, AFailureLeavesTheDrawsBeforeItWhereTheRunIsStopped) {
  const auto s = toy_session();
  std::atomic<bool> stop{false};
  SampleRequest r = draws(2);
  const auto whole = must(s->sample(r));
  const auto failing = [&](int call, std::atomic<bool>* flag) {
    const auto term = std::make_shared<PerToken>();
    term->fails_at = call;
    term->stop = flag;
    stop = false;
    r.budget.stop = &stop;
    r.terms.given = {{term, 0}};
    return s->sample(r);
  };
  EXPECT_SAYS(failing(10, nullptr), "expected a value, got a failure (per-token)");
  for (const int call : {1, 3})  // at the starts, and in the warm-up: there is no draw yet
    EXPECT_SAYS(failing(call, &stop), "expected a value, got a failure (per-token)");
  const auto a = must(failing(10, &stop));
  EXPECT_FALSE(a.complete);
  ASSERT_GT(a.draws, 0);
  ASSERT_LT(a.draws, 9);
  for (int c = 0; c < 2; ++c)
    for (int d = 0; d < a.draws; ++d) EXPECT_EQ(a.trace.replies[c][d], whole.trace.replies[c][d]);
}

TEST(GivenTerms, HaveANameOfTheirOwn) {
  const auto s = toy_session();
  const auto named = [](const char* name) {
    return GivenTerm{make_term(name, [](ReplyTokens) { return 0.; })};
  };
  SampleRequest r = draws(1);
  for (const char* taken : {"", "logprob", "length", "tokens", "repetition"}) {
    r.terms = must(TermsRequest::parse({"repetition:1"}, ""));
    r.terms.given = {named(taken)};
    EXPECT_SAYS(s->sample(r), "a name that no other column of the trace has");
  }
  r.terms.given = {named("twice"), named("twice")};
  EXPECT_SAYS(s->sample(r), "got 'twice'");
  r.terms.given = {{}};
  EXPECT_SAYS(s->sample(r), "expected a term, got none");
}

TEST(GivenTerms, AreProvedWithTheirRange) {
  const auto s = toy_session();
  ProveRequest r{.prompt = kSum, .law = {.max_length = 12}, .n_best = 3};
  r.terms = must(TermsRequest::parse({"repetition:2:1"}, ""));
  const auto built_in = must(s->prove(r));
  r.terms = {.given = {{make_repetition_term(1), 2}}};
  const auto own = must(s->prove(r));
  EXPECT_EQ(own.certificate.status, Certificate::Status::kOptimal);
  EXPECT_TRUE(own.by_worth);
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(own.replies.at(k).tokens, built_in.replies.at(k).tokens);
    EXPECT_EQ(own.replies.at(k).worth, built_in.replies.at(k).worth);
  }
  r.record = true;
  EXPECT_SAYS(s->prove(r), "no terms beside a certificate");
  r.record = false;
  r.terms.given = {{std::make_shared<PerToken>()}};
  EXPECT_SAYS(s->prove(r), "terms with a bound over all replies that begin alike, got per-token");
}

}  // namespace
}  // namespace ponder
