// Gradients, mixtures over the whole vocabulary and noise on the real models, where they have been
// fetched: the same bits whatever the batch, threads and tape; memory within its bounds.
#include "ponder/density/gradient.h"

#include <sys/prctl.h>

#include <cmath>
#include <fstream>
#include <random>

#include "density/models.h"
#include "ponder/energy/relaxation.h"

namespace ponder {
namespace {

using test::must;

// From here on memory comes in small pages, since an unused part of a large page counts as used.
void use_small_pages() { ASSERT_EQ(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0); }

// The process's own resident memory, without the model's file, whose mapped part the kernel
// decides.
double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    double kb = 0;
    if (key == "RssAnon:" && status >> kb) return kb / 1024;
  }
  ADD_FAILURE() << "no RssAnon in /proc/self/status";
  return 0;
}

std::vector<Token> tokens(int n, unsigned seed) {
  std::mt19937 rng(seed);
  std::vector<Token> ids;
  while (static_cast<int>(ids.size()) < n) ids.push_back(static_cast<Token>(rng() % 40000));
  return ids;
}

/// Chains of different lengths, as replies and as mixtures of three tokens.
struct Chains {
  explicit Chains(int n_chains) {
    for (int i = 0; i < n_chains; ++i) {
      const int m = i % 2 ? 3 : 1, n = 2 + 7 * i % 20;
      ids.push_back(tokens(n * m, i));
      weights.emplace_back();
      for (int k = 0; m > 1 && k < n * m; ++k) weights.back().push_back(k % m == 1 ? 0.5f : 0.25f);
    }
  }
  std::vector<SoftReply> at(const PrefixRef& root) const {
    std::vector<SoftReply> all;
    for (std::size_t i = 0; i < ids.size(); ++i)
      all.push_back(
          {.parent = root, .candidates = ids[i], .weights = weights[i], .m = i % 2 ? 3 : 1});
    return all;
  }
  std::vector<std::vector<Token>> ids;
  std::vector<std::vector<float>> weights;
};

void expect_one_function(const std::string& path, int n_chains) {
  if (path.empty()) GTEST_SKIP() << "the model has not been fetched";
  const Chains chains(n_chains);
  const Objective objective{.lz = 0.5, .alpha = 3};
  for (const Precision precision : {Precision::kF32, Precision::kBF16}) {
    std::vector<ReplyGradient> wanted;
    const auto expect_same = [&](const ReplyGradient& got, std::size_t i) {
      ASSERT_TRUE(got.finite);
      EXPECT_EQ(got.value, wanted[i].value);
      EXPECT_EQ(got.embedding, wanted[i].embedding);
      EXPECT_EQ(got.weights, wanted[i].weights);
    };
    for (const int threads : {1, 2, 4}) {
      const auto d =
          test::density(test::load(path, {.precision = precision, .n_threads = threads}), 0, 256);
      const PrefixRef root = must(d->add_context(tokens(40, 99)));
      const auto batch = chains.at(root);
      std::vector<ReplyGradient> got, bounded, alone;
      ASSERT_TRUE(d->value_and_grad(batch, objective, {.weights = true}, got).ok());
      if (wanted.empty()) wanted = got;
      ASSERT_TRUE(
          d->value_and_grad(batch, objective, {.weights = true, .tape_limit = 1}, bounded).ok());
      for (std::size_t i = 0; i < batch.size(); ++i) {
        expect_same(got[i], i);
        expect_same(bounded[i], i);
        ASSERT_TRUE(d->value_and_grad({&batch[i], 1}, objective, {.weights = true}, alone).ok());
        expect_same(alone[0], i);
      }
    }
  }
}
TEST(GradientOfRealModel, IsAFunctionOfTheReplyAloneOnSmolLM2) {
  expect_one_function(test::smollm2_path(), 7);
}
TEST(GradientOfRealModel, IsAFunctionOfTheReplyAloneOnGemma3) {
  expect_one_function(test::gemma3_path(), 3);
}

// 16 chains of 24 tokens need some 170 MB of activations in full.
TEST(GradientOfRealModel, TapeLimitBoundsMemory) {
  use_small_pages();
  if (test::smollm2_path().empty()) GTEST_SKIP() << "the model has not been fetched";
  const auto d =
      test::density(test::load(test::smollm2_path(), {.precision = Precision::kBF16}), 0, 256);
  const PrefixRef root = must(d->add_context(tokens(40, 99)));
  std::vector<std::vector<Token>> replies;
  std::vector<SoftReply> batch;
  for (unsigned i = 0; i < 16; ++i) replies.push_back(tokens(24, i));
  for (const auto& r : replies) batch.push_back({.parent = root, .candidates = r});
  std::vector<ReplyGradient> first, bounded, full;
  const SoftReply one{.parent = root, .candidates = {replies[0].data(), 1}};
  // the transposed weights are made once
  ASSERT_TRUE(d->value_and_grad({&one, 1}, {}, {}, first).ok());
  const double before = resident_mb();
  ASSERT_TRUE(d->value_and_grad(batch, {}, {.tape_limit = 4 << 20}, bounded).ok());
  const double with_limit = resident_mb();
  ASSERT_TRUE(d->value_and_grad(batch, {}, {}, full).ok());
  EXPECT_LT(with_limit - before, 40);
  EXPECT_GT(resident_mb() - with_limit, 150);  // else this test would show nothing
  for (std::size_t i = 0; i < batch.size(); ++i) EXPECT_EQ(bounded[i].embedding, full[i].embedding);
}

TEST(GradientOfRealModel, MixturesOverTheWholeVocabulary) {
  use_small_pages();
  if (test::smollm2_path().empty()) GTEST_SKIP() << "the model has not been fetched";
  const auto d =
      test::density(test::load(test::smollm2_path(), {.precision = Precision::kF32}), 0, 256);
  const PrefixRef root = must(d->add_context(tokens(20, 99)));
  const auto V = static_cast<std::size_t>(d->n_vocab());
  const std::vector<Token> x = tokens(12, 5);
  std::vector<Token> all(V);
  std::vector<float> one_hot(x.size() * V), soft(x.size() * V);
  for (std::size_t v = 0; v < V; ++v) all[v] = static_cast<Token>(v);
  std::mt19937 rng(1);
  for (std::size_t t = 0; t < x.size(); ++t) {
    one_hot[t * V + x[t]] = 1;
    double sum = 0;
    for (std::size_t v = 0; v < V; ++v)
      sum += soft[t * V + v] =
          std::exp(std::normal_distribution<float>(all[v] == x[t] ? 10 : 0, 2)(rng));
    for (std::size_t v = 0; v < V; ++v) soft[t * V + v] /= static_cast<float>(sum);
  }
  const auto mixture = [&](const std::vector<float>& w) {
    return SoftReply{.parent = root, .candidates = all, .weights = w, .m = static_cast<int>(V)};
  };
  const SoftReply reply{.parent = root, .candidates = x};
  std::vector<ReplyGradient> plain, g;
  ASSERT_TRUE(d->value_and_grad({&reply, 1}, {}, {}, plain).ok());
  const double before = resident_mb();
  const SoftReply points[] = {mixture(one_hot), mixture(soft)};
  ASSERT_TRUE(d->value_and_grad(points, {}, {.weights = true}, g).ok());
  EXPECT_LT(resident_mb() - before, 30);  // 5 MB of derivatives, and logits of 12 more rows
  EXPECT_EQ(g[0].value, plain[0].value);
  EXPECT_EQ(g[0].embedding, plain[0].embedding);
  EXPECT_NE(g[1].value, plain[0].value);

  // Compares a step up the slope with differences.
  const double step = 0.01;
  std::vector<float> moved[2] = {soft, soft};
  double slope = 0;
  for (std::size_t t = 0; t < x.size(); ++t) {
    double mean = 0;
    for (std::size_t i = t * V; i < (t + 1) * V; ++i)
      mean += static_cast<double>(soft[i]) * g[1].weights[i];
    for (std::size_t i = t * V; i < (t + 1) * V; ++i) {
      const double by = soft[i] * (g[1].weights[i] - mean);  // sums to zero
      slope += by * g[1].weights[i];
      moved[0][i] += static_cast<float>(step * by);
      moved[1][i] -= static_cast<float>(step * by);
    }
  }
  const SoftReply ends[] = {mixture(moved[0]), mixture(moved[1])};
  std::vector<ReplyGradient> e;
  ASSERT_TRUE(d->value_and_grad(ends, {}, {}, e).ok());
  EXPECT_GT(std::abs(slope), 1);
  EXPECT_NEAR(slope, (e[0].value - e[1].value) / (2 * step), 0.02 * std::abs(slope));
}

TEST(NoiseOfRealModel, LiftDecodesBackAndTheForceIsAFunctionOfPosition) {
  use_small_pages();
  if (test::smollm2_path().empty()) GTEST_SKIP() << "the model has not been fetched";
  std::vector<float> wanted;
  for (const int threads : {2, 1}) {
    const auto model =
        test::load(test::smollm2_path(), {.precision = Precision::kBF16, .n_threads = threads});
    const auto d =
        must(LanguageDensity::make(model, {.n_ctx = 256, .kv_bytes = 0, .end_tokens = {0, 2}}));
    const PrefixRef root = must(d->add_context(tokens(20, 99)));
    const int horizon = 12;
    const ReplyLaw law = must(ReplyLaw::make({.target = Target::kEnded, .horizon = horizon},
                                             d->n_vocab(), d->end_tokens()));
    NoiseRelaxation r(*d, root, law, 2);
    std::vector<Token> x = tokens(8, 3);
    x.push_back(2);
    std::mt19937 rng(4);
    const Uniforms u = [&rng] { return std::uniform_real_distribution<double>(0, 1)(rng); };
    NoiseRelaxation::State state;
    ASSERT_TRUE(r.lift(x, u, state).ok());
    const NoiseRelaxation::State* one = &state;
    std::vector<NoiseRelaxation::Decoded> back;
    ASSERT_TRUE(r.decode({&one, 1}, back).ok());
    EXPECT_EQ(back[0].tokens, x);
    EXPECT_TRUE(back[0].ended);
    std::vector<double> f;
    ASSERT_TRUE(make_language_score(*d, root, law)->score({&x, 1}, f).ok());
    EXPECT_NEAR(back[0].logprob, f[0], 1e-9);

    std::vector<float> force, again;
    const double before = resident_mb();
    ASSERT_TRUE(r.force(state, 1, 1, force).ok());
    // The memory kept is: slopes and rows (9, n_vocab); the force itself (12, n_vocab); the
    // transposed weights, made once; logits of a block of 32 rows. Keys and values may begin a
    // block of slots, and the tape is small.
    constexpr double kMore = 2, kMegabyte = 1 << 20;
    EXPECT_LT(resident_mb() - before, static_cast<double>(model->info().weight_bytes) / kMegabyte +
                                          (4 * 12 + 32) * d->n_vocab() * 4. / kMegabyte + kMore);
    EXPECT_EQ(d->cost().tokens_backward, 8);
    ASSERT_TRUE(r.force(state, 1, 1, again).ok());
    EXPECT_EQ(force, again);
    EXPECT_EQ(d->cost().tokens_backward, 8);
    EXPECT_TRUE(std::all_of(force.begin(), force.end(), [](float v) { return std::isfinite(v); }));
    EXPECT_TRUE(
        std::any_of(force.begin(), force.end(), [](float v) { return std::abs(v) > 0.01f; }));
    if (wanted.empty()) wanted = force;
    EXPECT_EQ(force, wanted);
  }
}

}  // namespace
}  // namespace ponder
