// Value and gradient on the tiny models of every architecture, on every engine, compared with
// the scalar double-precision reference by the complex step: mixtures of tokens, log-normalisers,
// masks and terms together. Then the settings that must not change a bit.
#include "ponder/density/gradient.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <random>

#include "model/reference.h"
#include "models.h"
#include "relative.h"

namespace ponder {
namespace {

using test::must;
using Complex = std::complex<double>;

/// sum_v c_v lp(v), c_v = sin(v + t): linear, so that its value is easily computed elsewhere.
class Wave final : public RowTerm {
 public:
  static double at(std::size_t t, std::size_t v) {
    return 0.01 * std::sin(static_cast<double>(v + 3 * t));
  }
  double add(std::size_t, std::size_t t, std::span<const float> lp,
             std::span<float> dlp) const override {
    double sum = 0;
    for (std::size_t v = 0; v < lp.size(); ++v) {
      dlp[v] += static_cast<float>(at(t, v));  // also of masked ids, which must not count
      if (!std::isinf(lp[v])) sum += at(t, v) * lp[v];
    }
    return sum;
  }
};

/// sum_tk c_tk e_tk^2.
class Pull final : public EmbeddingTerm {
 public:
  static double at(std::size_t t, int k) { return 0.1 * std::cos(static_cast<double>(2 * t) + k); }
  double add(std::size_t, std::span<const float> e, std::span<float> de) const override {
    double sum = 0;
    const std::size_t n_embd = 64;
    for (std::size_t i = 0; i < e.size(); ++i) {
      const double c = at(i / n_embd, static_cast<int>(i % n_embd));
      sum += c * e[i] * e[i];
      de[i] += static_cast<float>(2 * c * e[i]);
    }
    return sum;
  }
};

struct Case {
  std::vector<Token> prompt, candidates;
  std::vector<float> weights;
  int n = 0, m = 0;
};

Case random_case(int n_vocab, int n, int m, unsigned seed) {
  std::mt19937 rng(seed);
  std::uniform_int_distribution<Token> id(0, n_vocab - 1);
  std::uniform_real_distribution<float> u(0.05f, 1);
  Case c;
  c.n = n;
  c.m = m;
  for (int i = 0; i < 9; ++i) c.prompt.push_back(id(rng));
  for (int t = 0; t < n; ++t) {
    float sum = 0;
    for (int j = 0; j < m; ++j) {
      c.candidates.push_back(j % 2 ? 2 * (id(rng) / 2)
                                   : id(rng) / 2 * 2);  // even ids only: see the mask below
      c.weights.push_back(m == 1 ? 1 : u(rng));
      sum += c.weights.back();
    }
    for (int j = 0; j < m; ++j) c.weights[t * m + j] /= sum;
  }
  return c;
}

SoftReply soft(const Case& c, const PrefixRef& parent) {
  return {.parent = parent, .candidates = c.candidates, .weights = c.weights, .m = c.m};
}

/// The objective by the reference, in any number type; extra (n, n_embd) is added to the input of
/// the first block.
template <class T>
T reference_value(const Reference& ref, const Case& c, const std::vector<T>& weights,
                  const std::vector<T>& extra, const Objective& o, bool even_only, int n_embd,
                  int n_vocab) {
  auto x = ref.inputs(c.prompt, c.candidates, c.m, weights, extra);
  T value = 0;
  if (!o.embedding_terms.empty())
    for (std::size_t t = 0; t < static_cast<std::size_t>(c.n); ++t)
      for (int k = 0; k < n_embd; ++k)
        value += Pull::at(t, k) * x[c.prompt.size() + t][k] * x[c.prompt.size() + t][k];
  const auto lp = ref.log_probs(std::move(x));
  for (int t = 0; t < c.n; ++t) {
    const auto& row = lp[c.prompt.size() + t - 1];
    std::vector<T> kept, scaled;
    for (int v = 0; v < n_vocab; ++v)
      if (!even_only || v % 2 == 0) kept.push_back(row[v]);
    const T lse = reference::log_sum_exp(kept);
    for (const T& l : kept) scaled.push_back(o.alpha * (l - lse));
    for (int j = 0; j < c.m; ++j)
      value += o.logprob * weights[t * c.m + j] * (row[c.candidates[t * c.m + j]] - lse);
    value += o.lz * reference::log_sum_exp(scaled);
    if (o.row_terms.empty()) continue;
    for (int v = 0; v < n_vocab; ++v)
      if (!even_only || v % 2 == 0) value += Wave::at(t, v) * (row[v] - lse);
  }
  return value;
}

/// Tests mixtures and lZ, then the same with half of the ids masked and with terms.
void expect_reference(LanguageDensity& d, const Reference& ref, const Config& config) {
  const Wave wave;
  const Pull pull;
  const RowTerm* row_terms[] = {&wave};
  const EmbeddingTerm* embedding_terms[] = {&pull};
  for (const bool masked : {false, true}) {
    const Case c = random_case(config.n_vocab, masked ? 3 : 4, 3, masked);
    Objective o{.logprob = 0.7, .lz = 0.6, .alpha = 2.5};
    if (masked) {
      o.row_terms = row_terms;
      o.embedding_terms = embedding_terms;
    }
    TokenMask even(config.n_vocab);
    for (Token v = 1; v < config.n_vocab; v += 2) even.set(v, false);
    const TokenMask* mask = &even;
    SoftReply reply = soft(c, must(d.add_context(c.prompt)));
    if (masked) reply.masks = {mask};
    std::vector<ReplyGradient> got;
    ASSERT_TRUE(d.value_and_grad({&reply, 1}, o, {.weights = true}, got).ok());
    ASSERT_TRUE(got[0].finite);

    std::vector<Complex> weights(c.weights.begin(), c.weights.end()), extra(c.n * config.n_embd);
    const auto value = [&] {
      return reference_value(ref, c, weights, extra, o, masked, config.n_embd, config.n_vocab);
    };
    EXPECT_NEAR(got[0].value, value().real(), 2e-4 * (1 + std::abs(got[0].value)));
    const auto slope = [&](Complex& x) {
      x += Complex(0, 1e-30);
      const double s = value().imag() / 1e-30;
      x = x.real();
      return s;
    };
    std::vector<double> dweights, dextra;
    for (Complex& w : weights) dweights.push_back(slope(w));
    EXPECT_LT(test::relative(got[0].weights, dweights), 1e-4);
    std::vector<float> some;  // every seventh entry: the reference is slow
    for (int i = 0; i < c.n * config.n_embd; i += 7) {
      dextra.push_back(slope(extra[i]));
      some.push_back(got[0].embedding[i]);
    }
    EXPECT_LT(test::relative(some, dextra), 1e-4);
  }
}

class Gradient : public testing::TestWithParam<test::OnEngine> {
 protected:
  std::unique_ptr<LanguageDensity> density(ModelOptions o = {.precision = Precision::kF32}) const {
    return test::density(test::load(GetParam(), o));
  }
};

TEST_P(Gradient, AgreesWithTheReferenceByTheComplexStep) {
  const auto file = must(GgufFile::open(GetParam().path()));
  const Config config = must(read_config(*file));
  expect_reference(*density(), Reference(*file, config), config);
}

// A Config that no model of the repository has: soft caps of scores and logits, and a window that
// excludes most keys.
TEST(GradientOfAConfig, WithSoftCapsAndAShortWindow) {
  for (const test::OnEngine& gemma3 : test::on_engines({"gemma3"})) {
    const auto file = must(GgufFile::open(gemma3.path()));
    Config config;
    const auto model = test::load_changed(gemma3, [&config](Config& c) {
      c.attention_soft_cap = 0.5;
      c.final_soft_cap = 2;
      c.window = 3;
      config = c;
    });
    expect_reference(*test::density(model), Reference(*file, config), config);
  }
}

// Other chains in the batch, the threads, the tape and the form of the weights change no bit.
TEST_P(Gradient, IsAFunctionOfTheReplyAlone) {
  std::vector<Case> cases;
  for (unsigned i = 0; i < 9; ++i)
    cases.push_back(random_case(300, 1 + static_cast<int>(5 * i % 17), i % 2 ? 1 : 4, i));
  for (const Precision precision : {Precision::kF32, Precision::kBF16}) {
    std::vector<std::vector<ReplyGradient>> runs;
    for (const auto& [threads, limit, weights] : {std::tuple{1, 0, WeightForm::kPacked},
                                                  {2, 0, WeightForm::kPacked},
                                                  {4, 1, WeightForm::kPacked},
                                                  {2, 0, WeightForm::kQuantised}}) {
      const auto d = density({.precision = precision, .weights = weights, .n_threads = threads});
      const PrefixRef root = must(d->add_context(cases[0].prompt));
      std::vector<SoftReply> batch;
      for (const Case& c : cases) batch.push_back(soft(c, root));
      for (int again = 0; again < 2; ++again) {
        ASSERT_TRUE(d->value_and_grad(batch, {.lz = 0.5, .alpha = 3},
                                      {.weights = true, .tape_limit = limit}, runs.emplace_back())
                        .ok());
        std::reverse(batch.begin(), batch.end());
      }
      std::reverse(runs.back().begin(), runs.back().end());
      runs.emplace_back();
      for (const SoftReply& one : batch) {
        std::vector<ReplyGradient> g;
        ASSERT_TRUE(
            d->value_and_grad({&one, 1}, {.lz = 0.5, .alpha = 3}, {.weights = true}, g).ok());
        runs.back().push_back(g[0]);
      }
    }
    for (const auto& run : runs)
      for (std::size_t r = 0; r < cases.size(); ++r) {
        EXPECT_EQ(run[r].value, runs[0][r].value);
        EXPECT_EQ(run[r].embedding, runs[0][r].embedding);
        EXPECT_EQ(run[r].weights, runs[0][r].weights);
      }
  }
}

// Over the whole vocabulary, with one list for all positions or one a position.
TEST_P(Gradient, AOneHotMixtureIsTheReplyItself) {
  const auto d = density();
  const Case c = random_case(d->n_vocab(), 6, 1, 5);
  const auto V = static_cast<std::size_t>(d->n_vocab());
  const PrefixRef root = must(d->add_context(c.prompt));
  std::vector<Token> all;
  std::vector<float> weights;
  for (int t = 0; t < c.n; ++t)
    for (Token v = 0; v < d->n_vocab(); ++v) {
      all.push_back(v);
      weights.push_back(v == c.candidates[t] ? 1.f : 0.f);
    }
  const SoftReply replies[] = {
      {.parent = root, .candidates = c.candidates},
      {.parent = root, .candidates = all, .weights = weights, .m = d->n_vocab()},
      {.parent = root,
       .candidates = std::span(all).first(V),
       .weights = weights,
       .m = d->n_vocab()}};
  std::vector<ReplyGradient> g, lz;
  ASSERT_TRUE(d->value_and_grad(replies, {}, {.weights = true}, g).ok());
  for (const int i : {1, 2}) {
    EXPECT_EQ(g[i].value, g[0].value);
    EXPECT_EQ(g[i].embedding, g[0].embedding);
    EXPECT_EQ(g[i].weights, g[1].weights);
  }
  EXPECT_EQ(d->cost().tokens_backward, 3 * (c.n - 1));  // no row depends on the last token
  Rows rows;
  const Extend e{.parent = root, .tokens = c.candidates, .rows = RowSet::kTargets};
  ASSERT_TRUE(d->extend({&e, 1}, rows).ok());
  for (int t = 0; t < c.n; ++t) {
    EXPECT_NEAR(g[0].logprobs[t], rows.rows[t].logprob, 1e-12);
    EXPECT_EQ(g[0].weights[t], g[1].weights[t * V + c.candidates[t]]);
  }
  // An objective that does not use the weights directly has slopes through the embedding alone.
  ASSERT_TRUE(d->value_and_grad(replies, {.logprob = 0, .lz = 1, .alpha = 2},
                                {.weights = true, .slopes = true}, lz)
                  .ok());
  EXPECT_EQ(lz[0].slopes, lz[1].weights);
  EXPECT_EQ(lz[1].slopes, lz[1].weights);
  EXPECT_TRUE(
      std::any_of(lz[0].slopes.begin(), lz[0].slopes.end(), [](float s) { return s != 0; }));
}

INSTANTIATE_TEST_SUITE_P(Tiny, Gradient, testing::ValuesIn(test::on_engines(test::kTiny)),
                         test::suite_name);

TEST(GradientErrors, SayWhatIsWrong) {
  const auto d = test::density(test::load(test::tiny_path("llama-tied"), {}));
  const Token ids[] = {1, 2, 3, 4};
  const PrefixRef root = must(d->add_context(ids));
  const std::vector<float> good{0.5, 0.5, 1, 0}, bad{0.5, 0.6, 1, 0}, nan{0.5, NAN, 1, 0};
  const Token outside[] = {1, 2, 3, 300};
  const auto error = [&](const SoftReply& r) {
    std::vector<ReplyGradient> g;
    const Status s = d->value_and_grad({&r, 1}, {}, {}, g);
    return s.ok() ? std::string() : s.error().message();
  };
  const auto expect = [&](const SoftReply& r, const std::string& part) {
    EXPECT_NE(error(r).find(part), std::string::npos) << error(r);
  };
  EXPECT_EQ(error({.parent = root, .candidates = ids, .weights = good, .m = 2}), "");
  expect({.parent = root, .candidates = ids, .weights = bad, .m = 2}, "sum to 1");
  expect({.parent = root, .candidates = ids, .weights = nan, .m = 2}, "sum to 1");
  expect({.parent = root, .candidates = ids, .weights = good, .m = 3}, "(n, m) candidates");
  expect({.parent = root, .candidates = ids, .m = 2}, "a weight a candidate");
  expect({.parent = root, .candidates = {ids, 2}, .weights = {good.data(), 3}, .m = 2},
         "a weight a candidate");
  expect({.parent = root, .candidates = outside, .weights = good, .m = 2}, "300");
  expect({.candidates = ids}, "prefix");
  const std::vector<Token> long_reply(d->n_ctx(), 1);
  expect({.parent = root, .candidates = long_reply}, "context");
}

TEST(GradientErrors, NotFiniteIsToldAndTheOthersGoOn) {
  const auto d = test::density(test::load(test::tiny_path("llama-tied"), {}));
  const Token ids[] = {1, 2, 3, 4};
  const PrefixRef root = must(d->add_context(ids));
  TokenMask none_of_them = TokenMask::only(d->n_vocab(), std::vector<Token>{7, 8});
  const TokenMask* mask = &none_of_them;
  const SoftReply replies[] = {
      {.parent = root, .candidates = ids},
      {.parent = root, .candidates = ids, .masks = {mask}}};  // log p = -inf
  std::vector<ReplyGradient> g;
  ASSERT_TRUE(d->value_and_grad(replies, {}, {}, g).ok());
  EXPECT_TRUE(g[0].finite);
  EXPECT_EQ(g[0].embedding.size(), 4u * 64);
  EXPECT_FALSE(g[1].finite);
  EXPECT_TRUE(g[1].embedding.empty());
}

}  // namespace
}  // namespace ponder
