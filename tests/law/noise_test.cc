// The laws of the kernels in noise space. docs/methods.md#noise-space.
#include "base/counted_noise.h"
#include "long_run.h"
#include "mcmc/hmc.h"

namespace ponder::test {
namespace {

class NoiseLaw : public testing::TestWithParam<const char*> {};
TEST_P(NoiseLaw, LongRunsStayInTheTarget) { expect_exact_in_long_runs(GetParam(), 2000, 30); }
INSTANTIATE_TEST_SUITE_P(Kernels, NoiseLaw,
                         testing::Values("slice", "hmc:block=2,angle=0.8",
                                         "hmc:force=1,tau=0.5,angle=0.8,steps=3"));

struct Prepared {
  Prepared(const World& w, const std::vector<Token>& tokens, Block block, std::uint64_t seed)
      : choices(random_choices(seed, 0, 0)),
        path(w.energy, 0, block, *choices),
        reply{w.state(tokens), block.begin} {
    const double alpha = w.energy.alpha(reply.state);
    EXPECT_TRUE(w.energy.add_rows({&reply.state, 1}, {&alpha, 1}, false).ok());
    KnownReply* one = &reply;
    EXPECT_TRUE(know_rows(w.energy, {&one, 1}).ok());
    lifted = path.lift(reply);
  }
  std::unique_ptr<Choices> choices;
  NoisePath path;
  KnownReply reply;
  bool lifted;
};

// A trajectory with a force returns to its start when time is reversed, by negating the momentum.
TEST(NoisePathLaw, TrajectoriesAreReversible) {
  double worst = 0, way = 0, energy = 0;
  int n = 0, texts = 0;
  for (const WorldConfig& c : worlds()) {
    const World w(c);
    for (std::size_t i = 0; i < w.replies.size(); ++i) {
      if (w.target()[i] == 0) continue;
      Prepared p(w, w.replies[i].tokens, {static_cast<int>(i % 2), w.law.horizon()}, i);
      std::vector<std::vector<double>> start, middle, back;
      const auto look = [&](std::vector<std::vector<double>>& at) {
        for (int t = p.path.block().begin; t < w.law.horizon(); ++t)
          at.push_back(p.path.normals(t));
      };
      if (p.path.block().begin >= p.reply.state.n()) continue;
      const std::vector<Token> first = p.reply.state.tokens;
      GainTables gains(w.energy);
      NoisePath* path = &p.path;
      KnownReply* reply = &p.reply;
      HmcConfig config{.steps = 7, .angle = 0.5, .force = 2};
      look(start);
      ASSERT_TRUE(leapfrog(w.energy, config, gains, {&path, 1}, {&reply, 1}).ok());
      look(middle);
      texts += p.reply.state.tokens != first;
      energy += std::abs(p.path.energy_change());
      config.angle = -config.angle;
      ASSERT_TRUE(leapfrog(w.energy, config, gains, {&path, 1}, {&reply, 1}).ok());
      look(back);
      EXPECT_EQ(p.reply.state.tokens, first);
      worst = std::max(worst, std::abs(p.path.energy_change()));
      for (std::size_t t = 0; t < start.size(); ++t)
        for (std::size_t v = 0; v < start[t].size(); ++v) {
          worst = std::max(worst, std::abs(back[t][v] - start[t][v]));
          way = std::max(way, std::abs(middle[t][v] - start[t][v]));
        }
      ++n;
    }
  }
  EXPECT_LT(worst, 1e-9);
  EXPECT_GT(way, 1);
  EXPECT_GT(texts, n / 4);
  EXPECT_GT(energy / n, 0.05);  // the force has changed the energy
  std::printf("%d trajectories, %d to another text: back to %.1e\n", n, texts, worst);
}

// The Hamiltonian summed up over the kicks is that of the whole state.
TEST(NoisePathLaw, EnergyChangeIsThatOfTheState) {
  const World w(worlds()[0]);
  Prepared p(w, w.replies[3].tokens, {0, w.law.horizon()}, 3);
  const auto half_square = [&] {
    double sum = 0;
    for (int t = 0; t < w.law.horizon(); ++t) {
      const auto eps = p.path.normals(t);
      p.path.rotate(M_PI / 2);
      const auto momentum = p.path.normals(t);
      p.path.rotate(-M_PI / 2);
      for (std::size_t v = 0; v < eps.size(); ++v)
        sum += (eps[v] * eps[v] + momentum[v] * momentum[v]) / 2;
    }
    return sum;
  };
  const double before = half_square();
  GainTables gains(w.energy);
  NoisePath* path = &p.path;
  KnownReply* reply = &p.reply;
  ASSERT_TRUE(
      leapfrog(w.energy, {.steps = 5, .angle = 0.4, .force = 3}, gains, {&path, 1}, {&reply, 1})
          .ok());
  EXPECT_GT(std::abs(p.path.energy_change()), 0.01);
  EXPECT_NEAR(half_square() - before, p.path.energy_change(), 1e-9);
}

// Noise by counter is the noise of the array at every position that has a counter: those that
// neither the reply nor a kick has moved.
TEST(NoisePathLaw, CountedNoiseIsTheNoise) {
  WorldConfig c{.table = {.n_vocab = 4, .seed = 8, .peak = 1},
                .law = {.target = Target::kTruncated, .horizon = 4}};
  const World w(c);
  const auto two = std::find_if(w.replies.begin(), w.replies.end(),
                                [](const auto& r) { return r.tokens.size() == 2; });
  ASSERT_NE(two, w.replies.end());
  Prepared p(w, two->tokens, {0, w.law.horizon() - 1}, 3);
  const int n = p.reply.state.n();
  std::vector<float> want(w.density->n_vocab()), got(w.density->n_vocab());
  for (const double angle : {0., 0.6, 1.1}) {
    p.path.rotate(angle);
    for (int t = 0; t < w.law.horizon(); ++t) {
      const auto name = p.path.counted(t);
      EXPECT_EQ(name.has_value(), t >= n) << t;
      if (!name) continue;
      p.path.gumbels(t, want);
      counted_gumbels(*name, 0, got);
      EXPECT_EQ(got, want) << t;
    }
  }
}

// At alpha = 1 and without terms w = 1 for every reply, so no move is refused under laws that every
// decode obeys.
TEST(NoisePathLaw, RotationsOfTheModelItselfAreAllTaken) {
  WorldConfig c{.table = {.n_vocab = 4, .seed = 8, .peak = 1},
                .law = {.target = Target::kTruncated, .horizon = 4}};
  const World w(c);
  for (const char* spec : {"hmc:angle=1", "hmc:block=all,steps=1,angle=1.5", "hmc:block=2"}) {
    const auto kernel = std::move(*make_kernel(spec, w.energy));
    const LongRun r = long_run(w, *kernel, 200, 20, 5, w.target());
    EXPECT_NEAR(r.accepted, 1, 1e-9) << spec;
    EXPECT_GT(r.changed, 0.2) << spec;
  }
}

// decode(lift(x)) = x, through the density.
TEST(NoisePathLaw, LiftsDecodeBack) {
  int n = 0, failures = 0;
  for (const WorldConfig& c : worlds()) {
    const World w(c);
    for (std::uint64_t seed = 0; seed < 100; ++seed)
      for (const Reply& r : w.replies) {
        if (w.state(r.tokens).logprob == -INFINITY) continue;
        Prepared p(w, r.tokens, {0, w.law.horizon()}, seed);
        KnownReply nowhere = p.reply;  // has no rows, so the density decodes every token
        std::vector<Row> rows = *p.reply.rows;
        rows[0].logits.assign(w.density->n_vocab(), 0.f);
        rows[0].logits[(r.tokens[0] + 1) % w.density->n_vocab()] = 1000;
        nowhere.rows = std::make_shared<const std::vector<Row>>(std::move(rows));
        NoisePath* path = &p.path;
        const KnownReply* near = &nowhere;
        std::vector<ChainState> back;
        ASSERT_TRUE(decode(w.energy, {&path, 1}, {&near, 1}, back).ok());
        failures += !p.lifted || back[0].tokens != r.tokens;
        ++n;
      }
  }
  EXPECT_LE(failures, n / 1000);
  std::printf("%d of %d lifts did not decode back\n", failures, n);
}

}  // namespace
}  // namespace ponder::test
