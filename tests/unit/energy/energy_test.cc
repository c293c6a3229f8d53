// U by its definition, edits compared with evaluations from the start, and strings that are no
// replies.
#include "ponder/energy/energy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "law/toy/table.h"

namespace ponder {
namespace {

class LengthTerm final : public Term {
 public:
  std::string_view name() const override { return "length"; }
  Status evaluate(std::span<const std::span<const Token>> replies, std::span<double> out) override {
    for (std::size_t i = 0; i < replies.size(); ++i)
      out[i] = replies[i].size() == 2 ? -INFINITY : static_cast<double>(replies[i].size());
    return {};
  }
};

class EnergyTest : public testing::Test {
 protected:
  ChainState state(const Energy& e, const std::vector<Token>& tokens) {
    const Energy::Edit edit{.tail = tokens};
    std::vector<ChainState> out;
    EXPECT_TRUE(e.evaluate({&edit, 1}, out).ok());
    return out[0];
  }
  Energy make(const ReplyLawConfig& law, const std::vector<Replica>& replicas) {
    std::vector<std::unique_ptr<Term>> terms;
    terms.push_back(std::make_unique<LengthTerm>());
    return *Energy::make(d_, d_.root(), *ReplyLaw::make(law, d_.n_vocab(), d_.end_tokens()),
                         replicas, std::move(terms));
  }
  TableDensity d_{{.n_vocab = 5, .end_tokens = {0}, .seed = 8, .peak = 1}};
};

TEST_F(EnergyTest, IsWhatItsDefinitionSays) {
  const Energy e = make({.horizon = 4}, {{2, {0.5}}, {1, {0}}});
  const auto lp = [&](const std::vector<Token>& prefix, Token v) {
    return d_.log_probs(d_.hash(prefix), nullptr)[v];
  };
  ChainState s = state(e, {3, 1, 0});
  const double f = lp({}, 3) + lp({3}, 1) + lp({3, 1}, 0);
  EXPECT_DOUBLE_EQ(s.logprob, f);
  EXPECT_DOUBLE_EQ(e.energy(s), -2 * f - 0.5 * 3);
  s.replica = 1;
  EXPECT_DOUBLE_EQ(e.energy(s), -f);
  s = state(e, {3, 0});
  EXPECT_EQ(e.energy(s), INFINITY);
  s.replica = 1;  // with weight 0 not even a forbidden reply is penalised
  EXPECT_TRUE(std::isfinite(e.energy(s)));
}

TEST_F(EnergyTest, EditsAndRowsAreAsFromTheStart) {
  const Energy e = make({.horizon = 5}, {{2, {1}}});
  std::vector<ChainState> base{state(e, {3, 1, 4, 2, 0})};
  const double alpha = 2;
  ASSERT_TRUE(e.add_rows(base, {&alpha, 1}, true).ok());
  ASSERT_EQ(base[0].lz.size(), 5u);
  for (int t = 0; t < 5; ++t) {
    const auto lp = d_.log_probs(d_.hash(std::span(base[0].tokens).first(t)), nullptr);
    double z = 0, h = 0;
    for (double x : lp) z += std::exp(2 * x), h -= std::exp(x) * x;
    EXPECT_DOUBLE_EQ(base[0].lz[t], std::log(z));
    EXPECT_DOUBLE_EQ(base[0].entropy[t], h);
  }
  const std::vector<Energy::Edit> edits{
      {&base[0], 2, {2, 2, 0}}, {&base[0], 0, {1, 0}}, {&base[0], 4, {0}}, {nullptr, 0, {3, 1, 0}}};
  std::vector<ChainState> out;
  const Cost before = d_.cost();
  ASSERT_TRUE(e.evaluate(edits, out).ok());
  EXPECT_EQ((d_.cost() - before).total(), 3 + 2 + 1 + 3);
  for (std::size_t i = 0; i < edits.size(); ++i) {
    std::vector<ChainState> want{state(e, out[i].tokens)};
    EXPECT_EQ(out[i].logprobs, want[0].logprobs);
    EXPECT_EQ(out[i].logprob, want[0].logprob);
    EXPECT_EQ(out[i].terms, want[0].terms);
    EXPECT_TRUE(out[i].supported);
    EXPECT_EQ(d_.depth(out[i].node.get()), out[i].n() - 1);
    if (!edits[i].base) continue;
    ASSERT_TRUE(e.add_rows(want, {&alpha, 1}, true).ok());
    EXPECT_EQ(out[i].lz, want[0].lz);
    EXPECT_EQ(out[i].entropy, want[0].entropy);
  }
  const Cost scored = d_.cost();
  ASSERT_TRUE(e.add_rows(out, std::vector<double>(4, 3.), false).ok());
  EXPECT_EQ((d_.cost() - scored).total(), 0) << "rows of nodes that are fed cost no token";
  EXPECT_EQ(out[3].lz_alpha, 3);
}

TEST_F(EnergyTest, WhatIsAReply) {
  const auto reply = [&](Target target, std::vector<Token> x) {
    ReplyLawConfig c{.target = target, .horizon = 3, .min_length = 2};
    if (target != Target::kFixed) c.allowed = {0, 1, 2};
    return make(c, {{1, {0}}}).law().is_reply(x);
  };
  EXPECT_TRUE(reply(Target::kEnded, {1, 0}));
  EXPECT_TRUE(reply(Target::kEnded, {1, 2, 0}));
  EXPECT_FALSE(reply(Target::kEnded, {0})) << "shorter than the minimum";
  EXPECT_FALSE(reply(Target::kEnded, {1, 3, 0})) << "an id that is not allowed";
  EXPECT_FALSE(reply(Target::kEnded, {1, 2, 1})) << "not ended";
  EXPECT_FALSE(reply(Target::kEnded, {1, 0, 1})) << "goes on after its end";
  EXPECT_FALSE(reply(Target::kEnded, {1, 1, 1, 0})) << "longer than the horizon";
  EXPECT_TRUE(reply(Target::kTruncated, {1, 2, 1}));
  EXPECT_FALSE(reply(Target::kTruncated, {1, 2})) << "neither ended nor at the horizon";
  EXPECT_TRUE(reply(Target::kFixed, {1, 2, 1}));
  EXPECT_FALSE(reply(Target::kFixed, {1, 2, 0})) << "an end token";
  EXPECT_FALSE(reply(Target::kEnded, {}));
  const Energy e = make({.horizon = 3, .min_length = 2}, {{1, {0}}});
  EXPECT_EQ(e.energy(state(e, {0})), INFINITY);
  EXPECT_EQ(e.energy(state(e, {1, 1})), INFINITY);
}

TEST_F(EnergyTest, Errors) {
  const auto error = [&](const std::vector<Replica>& r) {
    const auto e =
        Energy::make(d_, d_.root(), *ReplyLaw::make({.horizon = 3}, 5, d_.end_tokens()), r);
    return e.ok() ? "" : e.error().message();
  };
  EXPECT_EQ(error({{0, {}}}), "");
  EXPECT_NE(error({{-1, {}}}).find("a finite alpha"), std::string::npos);
  EXPECT_NE(error({{NAN, {}}}).find("a finite alpha"), std::string::npos);
  EXPECT_NE(error({{1, {0.5}}}).find("0 weights of terms"), std::string::npos);
  const Energy e = make({.horizon = 3}, {{1, {0}}});
  std::vector<ChainState> out;
  const Energy::Edit none{}, wild{.tail = {9}};
  EXPECT_FALSE(e.evaluate({&none, 1}, out).ok());
  EXPECT_FALSE(e.evaluate({&wild, 1}, out).ok());
}

}  // namespace
}  // namespace ponder
