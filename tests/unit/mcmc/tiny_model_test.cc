// Every kernel on tiny models: after each step a chain's numbers are, bit for bit, those of its
// reply scored anew.
#include <gtest/gtest.h>

#include "models.h"
#include "ponder/chains/kernel.h"

namespace ponder::test {
namespace {

void expect_fresh(const Energy& e, const ChainState& got) {
  const Energy::Edit edit{.tail = got.tokens};
  std::vector<ChainState> want;
  ASSERT_TRUE(e.evaluate({&edit, 1}, want).ok());
  const double alpha = got.lz_alpha;
  ASSERT_TRUE(e.add_rows(want, {&alpha, 1}, true).ok());
  EXPECT_TRUE(got.supported);
  EXPECT_EQ(got.logprob, want[0].logprob);
  EXPECT_EQ(got.logprobs, want[0].logprobs);
  if (!got.lz.empty()) {
    EXPECT_EQ(got.lz, want[0].lz);
  }
  if (!got.entropy.empty()) {
    EXPECT_EQ(got.entropy, want[0].entropy);
  }
}

TEST(TinyModel, NoKernelDrifts) {
  const std::vector<Token> prompt{5, 17}, ends{294};
  for (const char* name : {"llama-tied", "gemma3", "gpt2"}) {
    const auto d = must(LanguageDensity::make(
        load(tiny_path(name), {.precision = Precision::kBF16}), {.end_tokens = ends}));
    const PrefixRef context = must(d->add_context(prompt));
    const auto law =
        must(ReplyLaw::make({.target = Target::kTruncated, .horizon = 6}, d->n_vocab(), ends));
    const Energy e = must(Energy::make(*d, context, law, {{.alpha = 1}, {.alpha = 1.5}}));
    for (const char* spec :
         {"suffix:tries=2,cut=entropy", "suffix:temperature=2", "gibbs", "insert-delete", "csmc",
          "csmc:ramp=3,ess=1", "exchange", "gwg:gradient=0+suffix", "suffix+dmala+gwg+pafs",
          "exchange+suffix+gibbs", "slice", "slice:block=3", "hmc:angle=0.5",
          "hmc:force=0.5,steps=2,block=all",
          "suffix+hmc-token:step=0.2,candidates=1000+hmc-token:force=0.3,relaxation=straight-"
          "through"}) {
      const auto kernel = must(make_kernel(spec, e));
      std::vector<ChainState> chains(4);
      int changes = 0;
      for (std::uint32_t step = 0; step < 12; ++step) {
        const StepChoices owner(3, 4, step);
        const auto choices = owner.all();
        for (std::size_t c = 0; c < 4; ++c) chains[c].replica = static_cast<int>(c % 2);
        const auto before = chains;
        std::vector<StepInfo> infos(4 * kernel->moves().size());
        const Status s =
            step == 0 ? draw_starts(e, choices, 9, chains) : kernel->step(chains, choices, infos);
        ASSERT_TRUE(s.ok()) << spec << ": " << s.error().message();
        for (const StepInfo& i : infos) EXPECT_FALSE(i.numeric) << spec;
        for (std::size_t c = 0; c < 4; ++c)
          changes += step > 0 && chains[c].tokens != before[c].tokens;
        for (const ChainState& c : chains) expect_fresh(e, c);
      }
      if (std::string_view(spec) != "insert-delete") {  // few of these replies end
        EXPECT_GT(changes, 0) << name << " " << spec;
      }
    }
  }
}

}  // namespace
}  // namespace ponder::test
