// The checks of a gradient agree with a right gradient, for replies and mixtures on every
// architecture, and detect the gradient of another function.
#include "density/gradient_check.h"

#include "models.h"

namespace ponder {
namespace {

using test::must;

CheckPoint reply_point(int n_vocab) {
  return CheckPoint::of_reply({5, 6, 7, 8}, {9, 10, 11, 12, 13, 14}, n_vocab, 3);
}
CheckPoint mixture_point() {
  CheckPoint p{.prompt = {5, 6, 7, 8}, .candidates = {}, .weights = {}, .m = 3, .relaxed = true};
  for (int t = 0; t < 6; ++t)
    for (int j = 0; j < 3; ++j) {
      p.candidates.push_back(20 + 7 * t + 31 * j);
      p.weights.push_back(j == 0 ? 0.6f : 0.2f);
    }
  return p;
}

struct Errors {
  double differences, reference;
};
Errors errors(LanguageDensity& gradient, LanguageDensity& value, const Reference& reference,
              const CheckPoint& p) {
  const auto directions = random_directions(p, 8, 1);
  const auto root = [&p](LanguageDensity& d) { return must(d.add_context(p.prompt)); };
  const auto slopes = must(gradient_slopes(gradient, root(gradient), p, directions));
  return {relative_error(slopes, must(difference_slopes(value, root(value), p, directions))),
          relative_error(slopes, reference_slopes(reference, p, directions))};
}

TEST(GradientCheck, AgreesOnEveryArchitecture) {
  for (const std::string& name : test::kTiny) {
    const auto file = must(GgufFile::open(test::tiny_path(name)));
    const auto d = test::density(test::load(test::tiny_path(name), {.precision = Precision::kF32}));
    const Config config = must(read_config(*file));
    const Reference reference(*file, config);
    for (const CheckPoint& p : {reply_point(d->n_vocab()), mixture_point()}) {
      const Errors e = errors(*d, *d, reference, p);
      // A mixture of experts jumps where a row's experts change.
      if (config.n_experts == 0) {
        EXPECT_LT(e.differences, 2e-3) << name;
      }
      EXPECT_LT(e.reference, 1e-5) << name;
    }
  }
}

TEST(GradientCheck, TellsAGradientOfAnotherFunction) {
  const test::OnEngine gemma3 = test::on_engines({"gemma3"})[0];
  const auto file = must(GgufFile::open(gemma3.path()));
  const Reference reference(*file, must(read_config(*file)));
  const auto right = test::density(test::load(gemma3, {.precision = Precision::kF32}));
  const auto other =
      test::density(test::load_changed(gemma3, [](Config& c) { c.attention_scale *= 1.1f; }));
  for (const CheckPoint& p : {reply_point(right->n_vocab()), mixture_point()}) {
    const Errors e = errors(*other, *right, reference, p);
    EXPECT_GT(e.differences, 1e-2);
    EXPECT_GT(e.reference, 1e-2);
  }
}

TEST(GradientCheck, DirectionsKeepTheSumsOfWeights) {
  const CheckPoint p = mixture_point();
  const auto directions = random_directions(p, 2, 1);
  EXPECT_NE(directions[0], directions[1]);
  for (std::size_t t = 0; t < p.n(); ++t)
    EXPECT_NEAR(directions[0][3 * t] + directions[0][3 * t + 1] + directions[0][3 * t + 2], 0,
                1e-15);
}

TEST(GradientCheck, FlatPointsAreHeldAgainstATenthOfANat) {
  EXPECT_EQ(relative_error({0, 0}, {0, 0}), 0);
  EXPECT_DOUBLE_EQ(relative_error({1e-4}, {0}), 1e-3);
  EXPECT_DOUBLE_EQ(relative_error({3, 0}, {2, 0}), 0.5);
}

}  // namespace
}  // namespace ponder
