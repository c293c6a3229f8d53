// Sessions over models outside: the numbers, texts and proofs of the model that a source relays,
// the gradient of a network of its own, and sources that fail.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <future>

#include "law/small_row.h"
#include "outside/objective.h"
#include "ponder/shared_session.h"
#include "sources.h"

namespace ponder {
namespace {

using test::must;
using test::RecurrentSource;
using test::RelaySource;
using test::toy_text;

const Conversation kSum = Conversation::ask("What is the sum of 14 and 8?");

std::unique_ptr<Session> inside() {
  return must(Session::open(toy_text(), {.model = {.precision = Precision::kF32}}));
}
std::shared_ptr<RelaySource> relay() { return std::make_shared<RelaySource>(inside()); }
std::unique_ptr<Session> over(std::shared_ptr<LogitSource> s, const SessionOptions& o = {}) {
  return must(Session::over(std::move(s), *toy_text(), o));
}
std::shared_ptr<RecurrentSource> recurrent() {
  return std::make_shared<RecurrentSource>(toy_text()->tokenizer().n_vocab());
}

TEST(Outside, ScoresAndGeneratesAsTheModelItRelays) {
  const auto a = inside(), b = over(relay());
  const ScoreRequest r{.prompt = kSum,
                       .reply = {.reply = "The sum of 14 and 9 is 22.", .end = true}};
  const auto want = must(must(a->score({&r, 1}, {.alpha = 4}))[0]);
  const auto got = must(must(b->score({&r, 1}, {.alpha = 4}))[0]);
  ASSERT_EQ(got.logprobs.size(), want.logprobs.size());
  for (std::size_t t = 0; t < want.logprobs.size(); ++t) {
    EXPECT_NEAR(got.logprobs[t], want.logprobs[t], 1e-5);
    EXPECT_NEAR(got.lz[t], want.lz[t], 1e-5);
  }
  const GenerateRequest drawn{
      .prompt = kSum, .decode = {.temperature = 1.2, .seed = 5}, .best_of = 16};
  const auto x = must(a->generate(drawn)), y = must(b->generate(drawn));
  for (std::size_t i = 0; i < x.replies.size(); ++i)
    EXPECT_EQ(x.replies[i].tokens, y.replies[i].tokens) << i;
}

TEST(Outside, ThinksProvesAndSamplesAsTheModelItRelays) {
  const auto a = inside(), b = over(relay());
  ProveRequest prove{.prompt = kSum, .n_best = 3, .record = true};
  prove.law.max_length = 12;
  const auto p = must(a->prove(prove)), q = must(b->prove(prove));
  ASSERT_EQ(p.replies.size(), q.replies.size());
  for (std::size_t i = 0; i < p.replies.size(); ++i) {
    EXPECT_EQ(p.replies[i].tokens, q.replies[i].tokens);
    EXPECT_NEAR(p.replies[i].logprob, q.replies[i].logprob, 1e-4);
  }
  SampleRequest sample{.prompt = kSum, .draws = 20};
  sample.law.max_length = 10;
  sample.chains = {.chains = 3, .warmup = 10, .seed = 4};
  const auto s = must(a->sample(sample)), t = must(b->sample(sample));
  ASSERT_EQ(s.replies.size(), t.replies.size());
  for (std::size_t i = 0; i < s.replies.size(); ++i) {
    EXPECT_EQ(s.replies[i].tokens, t.replies[i].tokens);
    EXPECT_EQ(s.replies[i].count, t.replies[i].count);
  }
}

TEST(Outside, AProofIsOfTheSourceAndNotOfTheVocabularysModel) {
  const auto a = inside(), b = over(relay());
  ProveRequest prove{.prompt = kSum, .record = true};
  prove.law.max_length = 10;
  const auto q = must(b->prove(prove));
  ASSERT_TRUE(q.record);
  EXPECT_EQ(q.record->model_file, "relay:of toy, spelled by ponder-toy.gguf");
  EXPECT_EQ(q.record->model_sha256.size(), 64u);
  EXPECT_TRUE(must(b->check({.record = *q.record})).result.valid);
  EXPECT_FALSE(must(a->check({.record = *q.record})).result.valid);
}

TEST(Outside, SlotsThatWereEvictedAreFedAgain) {
  const auto source = relay();
  // 40 slots, for a context of 40 tokens: another prompt pushes the first out.
  const auto s = over(source, {.n_ctx = 40, .kv_bytes = 40 << 10});
  const std::vector<Token> first{5, 6, 7, 8}, second(37, 9), reply{10, 11};
  const auto score = [&](const std::vector<Token>& prompt) {
    const ScoreRequest r{.prompt = prompt, .reply = {.reply = reply}};
    return must(must(s->score({&r, 1}))[0]).logprobs;
  };
  const auto want = score(first);
  const int fed = source->n_fed;
  score(second);
  EXPECT_EQ(score(first), want);
  // The second prompt and its reply; of the first at least one token, and its reply.
  EXPECT_GE(source->n_fed, fed + 37 + 1 + 1 + 1);
  // What a feed that failed was to bring back is fed by the next one.
  score(second);
  source->fails_to_feed = true;
  const ScoreRequest r{.prompt = first, .reply = {.reply = reply}};
  EXPECT_FALSE(must(s->score({&r, 1}))[0].ok());
  source->fails_to_feed = false;
  EXPECT_EQ(score(first), want);
}

TEST(Outside, ManyCallersShareASource) {
  const auto shared = must(SharedSession::over(relay(), *toy_text()));
  EXPECT_TRUE(shared->info().outside);
  std::vector<std::future<std::string>> texts;
  for (int i = 0; i < 4; ++i)
    texts.push_back(std::async(std::launch::async, [&] {
      return must(shared->caller()->generate({.prompt = kSum})).reply.text;
    }));
  for (auto& text : texts) EXPECT_EQ(text.get(), "The sum of 14 and 8 is 22.");
}

TEST(Outside, EveryCallerOfAPassThatFailsIsTold) {
  const auto source = relay();
  const auto shared = must(SharedSession::over(source, *toy_text()));
  std::atomic<bool> failed{false}, wrong{false}, stop{true}, stopped{false};
  const GenerateRequest r{.prompt = kSum};
  const GenerateRequest long_one{.prompt = std::vector<Token>(100000, 5)};
  EXPECT_FALSE(shared->caller(nullptr, &wrong)->generate(long_one).ok());
  EXPECT_FALSE(shared->caller(&stop, &stopped)->generate(r).ok());
  source->error = {Code::kCancelled, "an answer", "none", "far away", ""};
  EXPECT_FALSE(shared->caller(nullptr, &failed)->generate(r).ok());
  EXPECT_TRUE(failed);
  EXPECT_FALSE(wrong);    // the caller's own mistake
  EXPECT_FALSE(stopped);  // and wish
}

TEST(Outside, RefusesNumbersThatMeanNothing) {
  class Odd final : public RelaySource {
   public:
    using RelaySource::RelaySource;
    double drift() const override { return NAN; }
  };
  EXPECT_EQ(Session::over(std::make_shared<Odd>(inside()), *toy_text()).error().code,
            Code::kInvalid);
}

TEST(Outside, RefusesAVocabularyOfAnotherSize) {
  const auto s = Session::over(std::make_shared<RecurrentSource>(17), *toy_text());
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, Code::kInvalid);
  EXPECT_EQ(s.error().got, "17");
}

TEST(Outside, TellsWhatASourceSays) {
  const auto source = relay();
  const auto s = over(source);
  source->error = {Code::kIo, "an answer", "none", "far away", ""};
  const auto a = s->generate({.prompt = kSum});
  ASSERT_FALSE(a.ok());
  EXPECT_EQ(a.error().where, "far away");
  source->error = {};
  EXPECT_TRUE(s->generate({.prompt = kSum}).ok());
  source->spoil = [](std::span<float> l) { l[3] = NAN; };
  const auto b = s->generate({.prompt = kSum});
  ASSERT_FALSE(b.ok());
  EXPECT_EQ(b.error().code, Code::kNumeric);
  EXPECT_NE(b.error().where.find("token 3"), std::string::npos) << b.error().message();
}

TEST(Outside, ASourceWithoutAGradientSaysSo) {
  const auto s = over(relay());
  const GradientRequest r{.prompt = kSum, .reply = ReplyRequest{.reply = "22"}};
  const auto g = s->gradients({&r, 1});
  ASSERT_FALSE(g[0].ok());
  EXPECT_EQ(g[0].error().code, Code::kUnsupported);
}

TEST(Outside, GradientsAreThoseOfDifferences) {
  const auto s = over(recurrent());
  const auto check = must(GradientCheck::make(*s, {}));
  EXPECT_FALSE(check->limits().reference);
  RelaxedReply soft{
      .candidates = {5, 6, 7, 8, 9, 10}, .weights = {.2f, .8f, .5f, .5f, .9f, .1f}, .m = 2};
  const std::vector<Token> prompt{3, 4, 5};
  for (const GradientRequest& r : {GradientRequest{.prompt = prompt,
                                  .reply = ReplyRequest{.reply = std::vector<Token>{7, 8, 9, 4}}},
                                   GradientRequest{.prompt = prompt, .reply = soft}}) {
    const auto e = must(check->check(r));
    EXPECT_LT(*e.differences, 1e-2);
  }
}

TEST(Outside, ChainsWithGradientsRunOnASource) {
  const auto s = over(recurrent());
  SampleRequest r{.prompt = std::vector<Token>{3, 4, 5}, .alpha = 1, .kernel = "gwg", .draws = 10};
  r.law = {.target = Target::kFixed, .length = 4};
  r.chains = {.chains = 4, .warmup = 10, .seed = 1};
  const auto a = must(s->sample(r));
  EXPECT_EQ(a.draws, 10);
  EXPECT_GT(a.acceptance, 0);
}

// A term that is smooth in lp: the sum of p^2.
class Squares final : public RowTerm {
 public:
  double add(std::size_t, std::size_t, std::span<const float> lp,
             std::span<float> dlp) const override {
    double sum = 0;
    for (std::size_t v = 0; v < lp.size(); ++v) {
      const double p = std::exp(lp[v]);
      sum += p * p;
      dlp[v] += static_cast<float>(2 * p * p);
    }
    return sum;
  }
};

TEST(Objective, DerivativesAreThoseOfDifferences) {
  std::vector<float> logits{.3f, -1.2f, 2.f, .1f, -.5f, 1.f};
  TokenMask mask(6);
  mask.set(3, false);
  const std::vector<Token> ids{0, 2};
  const std::vector<float> weights{.25f, .75f};
  const Squares term;
  const RowTerm* terms[] = {&term};
  const Objective o{.logprob = .7, .lz = -.4, .alpha = 2.5, .row_terms = terms};
  const auto value = [&] {
    ObjectiveRow r{.mask = &mask, .candidates = ids, .weights = weights};
    EXPECT_TRUE(differentiate(logits, o, r, {}).ok());
    return r.value;
  };
  std::vector<float> dlogits(6), direct(2);
  ObjectiveRow r{.mask = &mask, .candidates = ids, .weights = weights, .direct = direct.data()};
  ASSERT_TRUE(differentiate(logits, o, r, dlogits).ok());
  EXPECT_EQ(r.value, value());
  EXPECT_NEAR(.25 * direct[0] + .75 * direct[1], .7 * r.logprob, 1e-6);
  for (std::size_t v = 0; v < logits.size(); ++v) {
    const float at = logits[v], step = .01f;
    logits[v] = at + step;
    const double up = value();
    logits[v] = at - step;
    EXPECT_NEAR(dlogits[v], (up - value()) / (2. * step), 1e-3) << v;
    logits[v] = at;
  }
}

TEST(SmallRow, HoldsAtTheLowestTemperature) {
  const std::vector<double> lp(1000, -std::log(1000.));
  Needs needs{.alpha = 1000, .lz = true, .draw = {.kind = Draw::Kind::kInverseCdf, .u = .5}};
  const Row row = small_row(lp, needs, -1);
  EXPECT_NEAR(row.drawn, 500, 1);
  EXPECT_NEAR(row.lz, -999 * std::log(1000.), 1e-6);
}

TEST(Objective, ARowThatAllowsNothingIsAnError) {
  const std::vector<float> logits{1, 2};
  const TokenMask none(2, false);
  EXPECT_EQ(log_probabilities(logits, &none).error().code, Code::kNumeric);
  EXPECT_NEAR(must(log_probabilities(logits, nullptr))[1], -std::log1p(std::exp(-1)), 1e-12);
}

}  // namespace
}  // namespace ponder
