// Requests of tasks from JSON: every setting arrives, nothing else changes the defaults of the
// structs, and what is out of range is refused by its name. That answers are those of the command
// line is tested through Python (python/tests/test_same_numbers.py).
#include <gtest/gtest.h>

#include "must.h"
#include "ponder/wire.h"
#include "says.h"

namespace ponder {
namespace {

using test::must;
constexpr int kTaskVocab = 100;
const std::string kOnlyPrompt = R"({"question":"q"})";

std::string with(const std::string& settings) { return R"({"question":"q",)" + settings + "}"; }

TEST(TaskRequests, ReadAThink) {
  const ThinkRequest r = must(parse_think_request(
      with(R"("max_length":9,"target":"truncated","min_length":2,"allow_ids":[3,4],
              "temperature":0.5,"top_k":7,"top_p":0.9,"min_p":0.1,"repetition_penalty":1.2,
              "seed":18446744073709551615,"budget":"2s,500t","patience":1.5,"methods":["beam:width=3"],
              "beam":5,"drafts":0,"batch":6,"any_length":true,"answer":false)"),
      kTaskVocab));
  EXPECT_EQ(r.law.max_length, 9);
  EXPECT_EQ(r.law.target, Target::kTruncated);
  EXPECT_EQ(r.law.min_length, 2);
  EXPECT_EQ(r.law.allowed, (std::vector<Token>{3, 4}));
  const DecodeConfig& d = r.config.first;
  EXPECT_EQ(d.temperature, 0.5);
  EXPECT_EQ(d.top_k, 7);
  EXPECT_EQ(d.top_p, 0.9);
  EXPECT_EQ(d.min_p, 0.1);
  EXPECT_EQ(d.repetition_penalty, 1.2);
  EXPECT_EQ(d.seed, 18446744073709551615u);
  EXPECT_EQ(r.budget.seconds, 2);
  EXPECT_EQ(r.budget.tokens, 500);
  EXPECT_EQ(r.config.patience_seconds, 1.5);
  EXPECT_EQ(r.config.methods, std::vector<std::string>{"beam:width=3"});
  EXPECT_EQ(r.config.beam, 5);
  EXPECT_EQ(r.config.drafts, 0);
  EXPECT_EQ(r.config.best_first.batch, 6);
  EXPECT_TRUE(r.any_length);
  EXPECT_FALSE(r.answer);
}

TEST(TaskRequests, KeepTheDefaults) {
  const ThinkRequest think = must(parse_think_request(kOnlyPrompt, kTaskVocab));
  EXPECT_EQ(think.budget.seconds, 10);
  EXPECT_EQ(think.config.beam, ThinkConfig().beam);
  EXPECT_EQ(think.config.patience_seconds, ThinkConfig().patience_seconds);
  EXPECT_EQ(must(parse_prove_request(kOnlyPrompt, kTaskVocab)).budget.seconds, 10);
  EXPECT_EQ(must(parse_answer_request(kOnlyPrompt, kTaskVocab)).budget.seconds, 30);
  const SampleRequest sample = must(parse_sample_request(kOnlyPrompt, kTaskVocab));
  EXPECT_EQ(sample.alpha, SampleRequest().alpha);
  EXPECT_EQ(sample.draws, SampleRequest().draws);
  EXPECT_TRUE(sample.budget.endless());
  EXPECT_TRUE(must(parse_generate_request(kOnlyPrompt, kTaskVocab)).budget.endless());
  EXPECT_EQ(must(parse_landscape_request(kOnlyPrompt, kTaskVocab)).size, LandscapeRequest().size);
  EXPECT_TRUE(must(parse_think_request(with(R"("budget":"")"), kTaskVocab)).budget.endless());
}

TEST(TaskRequests, ReadADesign) {
  const DesignRequest r = must(parse_design_request(
      R"({"fitness":{"terms":[{"kind":"gc"}]},"start":"ACGT","given":["AC","GT"],"method":"anneal",
          "n":3,"max_edits":0,"tau":0.5,"steps":7,"held_out":"x"})"));
  EXPECT_EQ(dna::dna_text(r.start), "ACGT");
  ASSERT_EQ(r.given.size(), 2u);
  EXPECT_EQ(dna::dna_text(r.given[1].sequence), "GT");
  EXPECT_EQ(r.method, DesignMethod::kAnneal);
  EXPECT_EQ(r.max_edits, 0);
  EXPECT_EQ(r.held_out, "x");
  EXPECT_SAYS(parse_design_request(R"({"length":3})"), "expected a fitness");
  EXPECT_SAYS(parse_design_request(R"({"fitness":{"terms":[{"kind":"gc"}]},"given":["AX"]})"),
              "given, 0");
}

TEST(TaskRequests, RefuseByName) {
  const auto think = [](const std::string& s) { return parse_think_request(with(s), kTaskVocab); };
  EXPECT_SAYS(think(R"("seed":-1)"), "expected a whole number from 0, got -1 (seed)");
  EXPECT_SAYS(think(R"("target":"all")"), "(target)");
  EXPECT_SAYS(think(R"("allow_ids":[100])"), "(allow_ids)");
  EXPECT_SAYS(think(R"("budget":"soon")"), "(budget)");
  EXPECT_SAYS(think(R"("beam":1.5)"), "(beam)");
  EXPECT_SAYS(think(R"("methods":"beem")"), "beam");
  EXPECT_SAYS(think(R"("colour":1)"), "colour");
  const auto prove = [](const std::string& s) { return parse_prove_request(with(s), kTaskVocab); };
  EXPECT_SAYS(prove(R"("per_length":true,"n_best":2)"), "(per_length)");
  EXPECT_SAYS(prove(R"("record":true,"terms":"forbid:hard:x")"), "(record)");
  EXPECT_SAYS(parse_generate_request(with(R"("beam":2,"n":3,"temperature":1)"), kTaskVocab), "(n)");
  EXPECT_SAYS(parse_sample_request(with(R"("kernel":"sufix")"), kTaskVocab), "suffix");
  EXPECT_SAYS(parse_sample_request(R"({"alpha":2})", kTaskVocab), "question");
}

}  // namespace
}  // namespace ponder
