// The searches on real (tiny) models with a handful of allowed ids: beam and best-first against enumeration.
#include "ponder/search.h"
#include "worlds.h"

namespace ponder {
namespace {

TEST(TinyModel, BestFirstEqualsEnumerationOnSmallWorlds) {
  int worlds = 0;
  for (const char* name : {"llama-tied", "llama-untied", "llama3-rope", "qwen2", "qwen3", "gemma3", "gpt2"}) {
    const auto file = GgufFile::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/" + name + "/model.gguf");
    ASSERT_TRUE(file.ok());
    const auto model = Model::load(*file, {.precision = Precision::kF32});
    ASSERT_TRUE(model.ok());
    const Token end = 294;
    auto d = *LanguageDensity::make(*model, {.end_tokens = {end}});
    std::mt19937 rng(7);
    for (int i = 0; i < 20; ++i, ++worlds) {
      const std::vector<Token> prompt{static_cast<Token>(rng() % 290), static_cast<Token>(rng() % 290)};
      const int k = *d->add_context(prompt);
      ReplyLawConfig c = test::random_law(rng, 4);
      c.allowed = {end, static_cast<Token>(rng() % 100), static_cast<Token>(100 + rng() % 100),
                   static_cast<Token>(200 + rng() % 90)};
      const auto law = *ReplyLaw::make(c, d->n_vocab(), d->end_tokens());
      const auto all = *enumerate_replies(*d, d->context(k), law);
      const auto r = best_first(*d, d->context(k), law, {.n_best = 3, .batch = 5, .max_children = 2}, {}, {});
      ASSERT_TRUE(r.ok());
      test::expect_same_replies(r->replies, all, 3, name);
      EXPECT_EQ(r->certificate.status, Certificate::Status::kOptimal);
      const auto beam = beam_search(*d, d->context(k), law, {.width = 400}, {});
      ASSERT_TRUE(beam.ok());
      test::expect_same_replies(beam->replies, all, 400, name);
      d->drop_context(k);
    }
  }
  EXPECT_EQ(worlds, 140);
}

}  // namespace
}  // namespace ponder
