// Completions on the toy model: choices, log-probabilities of every token, stop texts, streams; and
// many sessions on one model.
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "ponder/shared_session.h"
#include "session/stop_text.h"
#include "toy_session.h"

namespace ponder {
namespace {

using test::kSum;
using test::must;
using test::toy_session;

CompleteRequest three_choices() {
  CompleteRequest r{.prompt = kSum, .max_tokens = 12, .n = 3, .top = 2, .echo = true};
  r.decode = {.temperature = 1.5, .seed = 4};
  return r;
}

std::vector<Token> tokens_of(const std::vector<PlacedToken>& all) {
  std::vector<Token> out;
  for (const PlacedToken& t : all) out.push_back(t.token);
  return out;
}

TEST(Complete, LogProbabilitiesAreThoseOfScore) {
  const auto s = toy_session();
  const CompleteAnswer a = must(s->complete(three_choices()));
  ASSERT_EQ(a.choices.size(), 3u);
  const auto prompt = tokens_of(a.prompt);
  EXPECT_FALSE(a.prompt[0].logprob);
  std::vector<ScoreRequest> requests{
      {.prompt = std::vector<Token>{prompt[0]},
       .reply = {.reply = std::vector<Token>(prompt.begin() + 1, prompt.end())}}};
  for (const Completion& c : a.choices)
    requests.push_back({.prompt = prompt, .reply = {.reply = tokens_of(c.tokens)}});
  const auto scored = must(s->score(requests));
  for (std::size_t i = 1; i < prompt.size(); ++i)
    EXPECT_EQ(a.prompt[i].logprob, scored[0]->logprobs[i - 1]);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(a.choices[c].logprob, scored[c + 1]->sum);
    for (std::size_t i = 0; i < a.choices[c].tokens.size(); ++i)
      EXPECT_EQ(a.choices[c].tokens[i].logprob, scored[c + 1]->logprobs[i]);
  }
}

TEST(Complete, TheLikeliestAreInOrderAndHoldTheirToken) {
  const auto s = toy_session();
  CompleteRequest r = three_choices();
  r.top = 5;
  for (const Completion& c : must(s->complete(r)).choices)
    for (const PlacedToken& t : c.tokens) {
      ASSERT_EQ(t.top.size(), 5u);
      for (std::size_t i = 1; i < 5; ++i) EXPECT_GE(t.top[i - 1].logprob, t.top[i].logprob);
      EXPECT_LE(*t.logprob, t.top[0].logprob);
      for (const TokenProb& p : t.top) EXPECT_TRUE(p.token != t.token || p.logprob == *t.logprob);
    }
}

TEST(Complete, AStreamIsTheWholeInParts) {
  const auto s = toy_session();
  CompleteRequest r = three_choices();
  const CompleteAnswer whole = must(s->complete(r));
  std::vector<std::string> texts(3);
  std::vector<std::vector<PlacedToken>> tokens(3);
  r.on_piece = [&](const CompletionPiece& p) {
    texts[static_cast<std::size_t>(p.choice)] += p.text;
    auto& all = tokens[static_cast<std::size_t>(p.choice)];
    all.insert(all.end(), p.tokens.begin(), p.tokens.end());
    return true;
  };
  const CompleteAnswer again = must(s->complete(r));
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(texts[c], whole.choices[c].text);
    EXPECT_EQ(again.choices[c].text, whole.choices[c].text);
    ASSERT_EQ(tokens_of(tokens[c]), tokens_of(whole.choices[c].tokens));
    for (std::size_t i = 0; i < tokens[c].size(); ++i)
      EXPECT_EQ(tokens[c][i].logprob, whole.choices[c].tokens[i].logprob);
  }
}

TEST(Complete, EndsAtAStopTextAndWhenToldTo) {
  const auto s = toy_session();
  CompleteRequest r{.prompt = kSum, .max_tokens = 14};
  const Completion free = must(s->complete(r)).choices[0];
  r.stop = {free.text.substr(5, 4)};
  const Completion cut = must(s->complete(r)).choices[0];
  EXPECT_EQ(cut.text, free.text.substr(0, 5));
  EXPECT_TRUE(cut.stopped);
  r.stop = {};
  r.on_piece = [](const CompletionPiece&) { return false; };
  EXPECT_EQ(must(s->complete(r)).choices[0].tokens.size(), 1u);
}

TEST(Complete, RefusesWhatContradictsItself) {
  const auto s = toy_session();
  const auto refused = [&](auto change) {
    CompleteRequest r{.prompt = kSum, .max_tokens = 3};
    change(r);
    return !s->complete(r).ok();
  };
  EXPECT_TRUE(refused([](auto& r) { r.n = 0; }));
  EXPECT_TRUE(refused([](auto& r) { r.max_tokens = -1; }));
  EXPECT_TRUE(refused([](auto& r) { r.n = 3, r.best_of = 2; }));
  EXPECT_TRUE(refused([](auto& r) { r.stop = {""}; }));
  EXPECT_TRUE(refused([](auto& r) { r.max_tokens = 1 << 24; }));
  EXPECT_TRUE(refused([](auto& r) {
    r.best_of = 2;
    r.on_piece = [](const CompletionPiece&) { return true; };
  }));
  EXPECT_FALSE(refused([](auto&) {}));
}

TEST(SharedSession, CallersGetWhatTheyGetAlone) {
  const auto alone = must(toy_session()->complete(three_choices()));
  const auto own = toy_session();
  const auto shared = must(SharedSession::open(own->shared_text(), own->options()));
  std::vector<std::string> texts(8);
  std::vector<std::thread> threads;
  for (std::string& text : texts)
    threads.emplace_back([&] {
      const auto caller = shared->caller();
      text = must(caller->complete(three_choices())).choices[2].text;
    });
  for (std::thread& t : threads) t.join();
  for (const std::string& text : texts) EXPECT_EQ(text, alone.choices[2].text);
  EXPECT_GT(shared->cost().total(), 0);
}

TEST(SharedSession, AStoppedCallerEndsAndOthersShareOneExactSession) {
  const auto own = toy_session();
  const auto shared = must(SharedSession::open(own->shared_text(), own->options()));
  const std::atomic<bool> stop{true};
  const auto stopped = shared->caller(&stop)->complete(three_choices());
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code, Code::kCancelled);
  const auto a = shared->caller();
  EXPECT_EQ(must(a->exact()), a.get());  // the toy session is in f32
}

TEST(StopText, HoldsBackWhatMayBeginAStop) {
  const auto s = toy_session();
  const auto stop_at = [&](const std::string& text, std::vector<std::string> stops) {
    StopText t(s->shared_text(), std::move(stops));
    std::string out;
    for (const Token v : s->text().tokenizer().encode(text)) out += t.add(v);
    return out + "|" + t.rest() + (t.stopped() ? "!" : "");
  };
  EXPECT_EQ(stop_at("The sum is 22.", {}), "The sum is 22.|");
  EXPECT_EQ(stop_at("The sum is 22.", {"sum is"}), "The |!");
  EXPECT_EQ(stop_at("The sum is 22.", {"22. And"}), "The sum is |22.");
  EXPECT_EQ(stop_at("The sum is 22.", {"2.", "is 2"}), "The sum |!");
  EXPECT_EQ(stop_at("222223", {"223"}), "222|!");
}

}  // namespace
}  // namespace ponder
