// Every sampler on sequences of 4 letters against the enumerated law of a motif fitness (256
// states): the total variation is at most twice that of the same number of effective independent
// draws, which is at most 0.02. docs/methods.md#long-runs.
#include "ponder/chains/chains.h"
#include "ponder/chains/diagnostics.h"
#include "world.h"

namespace ponder::dna::test {
namespace {

struct Case {
  const char* kernel;
  bool constrained;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.kernel << (c.constrained ? " constrained" : "");
}

class DnaLaw : public testing::TestWithParam<Case> {};

DnaWorld make_world(bool constrained, bool ladder) {
  std::mt19937 rng(5);
  Constraints c{.letters = any_letters(4)};
  if (constrained) {
    c.letters[1] = 5;  // R
    c.start = {0, 0, 2, 3};
    c.max_edits = 2;
    c.forbidden = {{2, 15}};  // no C before any letter
  }
  auto terms =
      terms_of(make_motif_term("sum", {random_odds(3, rng), Over::kSum}),
               make_motif_term("best", {random_odds(2, rng), Over::kBest, Strands::kForward}));
  return {std::move(c),
          std::move(terms),
          {1.2, 0.8},
          ladder ? std::vector<double>{100, 1.5, 1} : std::vector<double>{1}};
}

TEST_P(DnaLaw, IsTheEnumeratedOne) {
  const auto [spec, constrained] = GetParam();
  const bool ladder = std::string(spec).find("exchange") != std::string::npos;
  const DnaWorld w = make_world(constrained, ladder);
  const int replica = static_cast<int>(w.energy->replicas().size()) - 1;
  std::map<Sequence, double> law;
  double sum = 0;
  for (const Sequence& x : all_sequences(4))
    if (const double p = std::exp(w.value(x, replica)); p > 0) sum += law[x] = p;
  EXPECT_EQ(law.size() == 256, !constrained);
  for (auto& [x, p] : law) p /= sum;

  auto kernel = make_kernel(spec, *w.energy);
  ASSERT_TRUE(kernel.ok()) << kernel.error().message();
  constexpr int kChains = 16;
  const std::vector<Sequence> starts(constrained ? kChains : 0, Sequence{0, 0, 2, 3});
  auto chains =
      Chains::start(*w.energy, **kernel, {.chains = kChains, .warmup = 100, .seed = 3}, {}, starts);
  ASSERT_TRUE(chains.ok()) << chains.error().message();
  double tv = 0, floor = 1;
  for (int wanted = 1000; floor > 0.02 && wanted <= 128000; wanted *= 2) {
    while (chains->n_draws() < wanted) ASSERT_TRUE(chains->step().ok());
    tv = floor = 0;
    for (const auto& [x, p] : law) {
      std::vector<std::vector<double>> is(kChains);
      double share = 0;
      for (int c = 0; c < kChains; ++c)
        for (const Sequence& y : chains->trace().replies[c]) {
          is[c].push_back(x == y);
          share += is[c].back() / kChains / chains->n_draws();
        }
      tv += std::abs(share - p) / 2;
      floor += std::sqrt(2 * p * (1 - p) / (M_PI * std::max(ess_mean(is), 1.))) / 2;
    }
  }
  std::printf("%-40s states %3zu draws %d TV %.4f floor %.4f\n", spec, law.size(),
              chains->n_draws() * kChains, tv, floor);
  EXPECT_LE(floor, 0.02);
  EXPECT_LE(tv, 2 * floor);
}

INSTANTIATE_TEST_SUITE_P(
    Kernels, DnaLaw,
    testing::Values(Case{"gibbs", false}, Case{"gibbs", true}, Case{"gwg", false},
                    Case{"gwg", true}, Case{"dmala:step=0.5", false}, Case{"dmala:step=0.5", true},
                    Case{"pafs", false}, Case{"pafs", true}, Case{"hmc-token:force=1", false},
                    Case{"hmc-token:force=1", true},
                    Case{"hmc-token:force=1,relaxation=straight-through", false},
                    Case{"exchange", false}, Case{"exchange+gwg", true},
                    Case{"suffix:tries=2", false}, Case{"slice", false}));

}  // namespace
}  // namespace ponder::dna::test
