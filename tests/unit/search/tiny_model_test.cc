// The searches on tiny models with a handful of allowed ids: best-first against enumeration, beam
// against an exhaustive beam, for all three targets.
#include "ponder/search/search.h"
#include "worlds.h"

namespace ponder {
namespace {

TEST(TinyModel, SearchesEqualEnumerationOnRandomSmallWorlds) {
  int worlds = 0, of_target[3] = {};
  for (const char* name : {"llama-tied", "llama-untied", "llama3-rope", "qwen2", "qwen3", "gemma3",
                           "gpt2", "qwen3moe", "gpt-oss"}) {
    const auto file =
        GgufFile::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/" + name + "/model.gguf");
    ASSERT_TRUE(file.ok());
    const auto model = Model::load(*file, {.precision = Precision::kF32});
    ASSERT_TRUE(model.ok());
    const Token end = 294;
    auto d = *LanguageDensity::make(*model, {.end_tokens = {end}});
    std::mt19937 rng(7);
    for (int i = 0; i < 112; ++i, ++worlds) {
      const std::vector<Token> prompt{static_cast<Token>(rng() % 290),
                                      static_cast<Token>(rng() % 290)};
      const PrefixRef context = *d->add_context(prompt);
      ReplyLawConfig c = test::random_law(rng, 4);
      c.allowed = {end, static_cast<Token>(rng() % 100), static_cast<Token>(100 + rng() % 100),
                   static_cast<Token>(200 + rng() % 90)};
      const auto law = *ReplyLaw::make(c, d->n_vocab(), d->end_tokens());
      ++of_target[static_cast<int>(law.target())];
      const test::World w{d.get(), context, law, *enumerate_replies(*d, context, law)};
      const int n_best = 1 + static_cast<int>(rng() % 4), width = 1 + static_cast<int>(rng() % 6);
      const auto r =
          best_first(*d, w.context, law, {.n_best = n_best, .batch = 5, .max_children = 2}, {}, {});
      ASSERT_TRUE(r.ok());
      test::expect_same_replies(r->replies, w.replies, n_best, name);
      EXPECT_EQ(r->certificate.status, Certificate::Status::kOptimal);
      const auto beam = beam_search(*d, w.context, law, {.width = width}, {});
      ASSERT_TRUE(beam.ok());
      const auto want = test::exhaustive_beam(w, width);
      test::expect_same_replies(beam->replies, want, want.size(), name);
    }
  }
  EXPECT_EQ(worlds, 1008);
  for (int n : of_target) EXPECT_GT(n, 250);
}

}  // namespace
}  // namespace ponder
