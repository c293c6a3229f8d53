// A session on the toy model: its answers are those of the parts that it joins, and a failed
// request does not affect others.
#include "ponder/session.h"

#include <gtest/gtest.h>

#include "density/language.h"
#include "toy_session.h"

namespace ponder {
namespace {

using test::kSum;
using test::must;
using test::toy_session;

constexpr const char* kAnswer = "The sum of 14 and 8 is 22.";

TEST(Session, AnswersAQuestion) {
  const auto s = toy_session();
  const auto a = must(s->generate({.prompt = kSum}));
  EXPECT_EQ(a.reply.text, kAnswer);
  EXPECT_TRUE(a.reply.ended);
  EXPECT_TRUE(a.reply.canonical);
  EXPECT_TRUE(a.notes.empty());
  EXPECT_EQ(a.run.cost.tokens_decoded, static_cast<std::int64_t>(a.reply.tokens.size()) - 1);
  EXPECT_EQ(a.run.target, Target::kEnded);
}

TEST(Session, ScoresWhatItGenerated) {
  const auto s = toy_session();
  const auto a = must(s->generate({.prompt = kSum}));
  const ScoreRequest r{.prompt = kSum, .reply = {.reply = a.reply.tokens}};
  const auto scores = must(s->score({&r, 1}));
  EXPECT_EQ(must(scores[0]).sum, a.reply.logprob);
}

TEST(Session, TellsATokenAsItComesAndStopsWhenTold) {
  const auto s = toy_session();
  std::string streamed;
  TextStream stream(s->shared_text());
  GenerateRequest r{.prompt = kSum};
  r.on_token = [&](TokenProb v) { return streamed += stream.add(v.token), streamed.size() < 7; };
  const auto a = must(s->generate(r));
  EXPECT_EQ(streamed + stream.rest(), "The sum");
  EXPECT_FALSE(a.reply.ended);
}

TEST(Session, ProvesAndChecksItsProof) {
  const auto s = toy_session();
  ProveRequest r{.prompt = kSum, .n_best = 2, .record = true};
  r.law.max_length = 12;
  const auto a = must(s->prove(r));
  ASSERT_TRUE(a.record);
  EXPECT_EQ(a.certificate.status, Certificate::Status::kOptimal);
  CheckRequest check{.record = *a.record};
  EXPECT_TRUE(must(s->check(check)).result.valid);
  check.record.statement.replies[0].logprob += 1;
  EXPECT_FALSE(must(s->check(check)).result.valid);
  check.record.model_sha256 = "another";
  EXPECT_NE(must(s->check(check)).result.why, "");
}

TEST(Session, ThinksToTheProvedReply) {
  const auto s = toy_session();
  ThinkRequest r{.prompt = kSum, .any_length = true, .logprobs = true};
  r.law.max_length = 12;
  const auto a = must(s->think(r));
  ProveRequest p{.prompt = kSum};
  p.law.max_length = 12;
  const auto proved = must(s->prove(p));
  EXPECT_EQ(a.best.tokens, proved.replies.at(0).tokens);
  double sum = 0;
  for (const double lp : a.best_logprobs) sum += lp;
  EXPECT_NEAR(sum, a.best.logprob, 1e-9);
}

TEST(Session, SamplesTheSameWithTheSameSeed) {
  const auto s = toy_session();
  SampleRequest r{
      .prompt = kSum, .alpha = 1, .chains = {.chains = 2, .warmup = 2, .seed = 3}, .draws = 4};
  const auto a = must(s->sample(r)), b = must(s->sample(r));
  EXPECT_EQ(a.trace.replies, b.trace.replies);
  EXPECT_EQ(a.draws, 4);
  int n = 0;
  for (const auto& x : a.replies) n += x.count;
  EXPECT_EQ(n, 8);
  r.chains.seed = 4;
  EXPECT_NE(must(s->sample(r)).trace.replies, a.trace.replies);
}

TEST(Session, TermsThatAskTheModelLeaveNoNode) {
  const auto s = toy_session();
  const auto& language = dynamic_cast<const Language&>(s->density());
  SampleRequest r{.prompt = kSum, .chains = {.chains = 2, .warmup = 1}, .draws = 2};
  r.terms = must(TermsRequest::parse({"reply-to-prompt:0.5"}, "0.1"));
  const int before = language.n_nodes();
  (void)must(s->sample(r));
  EXPECT_EQ(language.n_nodes(), before);
}

TEST(Session, AThousandRequestsThatFailLeaveNoNodeAndNoOther) {
  const auto s = toy_session();
  const auto& language = dynamic_cast<const Language&>(s->density());
  std::vector<ScoreRequest> all(3, {.prompt = kSum, .reply = {.reply = std::string(kAnswer)}});
  all[1].reply.reply = std::vector<Token>(600, 1);  // longer than the context
  const auto first = must(s->score(all));
  const int before = language.n_nodes();
  for (int i = 0; i < 1000; ++i) {
    const auto results = must(s->score(all));
    EXPECT_FALSE(results[1].ok());
    EXPECT_EQ(results[0]->sum, first[0]->sum);
    EXPECT_EQ(results[2]->sum, first[2]->sum);
    EXPECT_FALSE(s->generate({.prompt = std::vector<Token>{1, 9999}}).ok());
    EXPECT_FALSE(s->generate({.prompt = kSum, .law = {.max_length = 10'000}}).ok());
  }
  EXPECT_EQ(language.n_nodes(), before);
}

TEST(Session, GradientsOfManyRepliesEachWithItsOwnStatus) {
  const auto s = toy_session();
  std::vector<GradientRequest> all{
      {.prompt = kSum, .reply = ReplyRequest{.reply = std::string("22")}},
      {.prompt = kSum, .reply = RelaxedReply{{1, 2}, {2, 2}, 2}},
      {.prompt = kSum, .reply = RelaxedReply{{1, 2}, {0.5, 0.5}, 2}}};
  const auto g = s->gradients(all);
  ASSERT_TRUE(g[0].ok());
  EXPECT_EQ(g[0]->columns, s->model().info().n_embd);
  EXPECT_FALSE(g[1].ok());
  ASSERT_TRUE(g[2].ok());
  EXPECT_EQ(g[2]->columns, 2);
  const auto check = must(GradientCheck::make(*s, {}));
  const auto errors = must(check->check(all[0]));
  EXPECT_LT(errors.differences, check->limits().differences);
  ASSERT_TRUE(errors.reference);
  EXPECT_LT(*errors.reference, *check->limits().reference);
}

TEST(TextModel, NotesRawTextOnAChatModel) {
  const auto s = toy_session();
  EXPECT_EQ(must(s->text().prompt(RawText{.text = "a", .intended = false})).notes.size(), 1U);
  EXPECT_TRUE(must(s->text().prompt(RawText{.text = "a"})).notes.empty());
  EXPECT_FALSE(s->text().prompt(RawText{}).ok());
}

}  // namespace
}  // namespace ponder
