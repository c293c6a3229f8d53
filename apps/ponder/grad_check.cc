// ponder grad --check: slopes of given gradients along random directions against central differences of the value in
// f32, and on small models against the complex step of a scalar reference in f64.
#include <algorithm>
#include <cmath>
#include <optional>

#include "grad.h"
#include "language/gradient_check.h"
#include "model/arch.h"

namespace ponder::app {
namespace {

constexpr std::int64_t kReferenceParameters = 4'000'000;  // a second or two a line
constexpr double kDifferences = 1e-2, kReference = 1e-4, kBF16 = 0.1;

std::string number(double x) {
  char s[32];
  std::snprintf(s, sizeof s, "%.1e", x);
  return s;
}

}  // namespace

struct GradCheck::Ways {
  std::optional<Engine> f32;  // when the gradient is not of f32 itself: values in bf16 are too rough for differences
  std::optional<Prompts> f32_prompts;
  std::optional<Reference> reference;
};

GradCheck::GradCheck(const GradArgs& a, Engine& e)
    : args_(a), engine_(e), prompts_(*e.density), ways_(std::make_unique<Ways>()) {
  const bool f32 = e.model->info().precision == Precision::kF32;
  limit_differences_ = a.tolerance > 0 ? a.tolerance : f32 ? kDifferences : kBF16;
  limit_reference_ = a.tolerance > 0 ? a.tolerance : f32 ? kReference : kBF16;
  if (!f32) {
    ModelArgs m = a.model;
    m.precision = "f32";
    ways_->f32.emplace(m);
    ways_->f32_prompts.emplace(*ways_->f32->density);
  }
  if (e.model->info().n_parameters <= kReferenceParameters)
    ways_->reference.emplace(*e.text.file, must(read_config(*e.text.file)));
}
GradCheck::~GradCheck() = default;

GradCheck::Figures GradCheck::check(const GradLine& l) {
  constexpr std::uint64_t kSeed = 1;
  const auto point = l.relaxed ? CheckPoint{l.prompt, l.candidates, l.weights, l.m, true}
                               : CheckPoint::of_reply(l.prompt, l.candidates, engine_.density->n_vocab(), kSeed);
  const auto directions = random_directions(point, args_.directions, kSeed);
  const auto slopes = must(gradient_slopes(*engine_.density, prompts_.get(l.prompt), point, directions));
  CausalDensity& exact = ways_->f32 ? *ways_->f32->density : *engine_.density;
  const PrefixRef root = ways_->f32 ? ways_->f32_prompts->get(l.prompt) : prompts_.get(l.prompt);
  Figures f;
  f.differences = relative_error(slopes, must(difference_slopes(exact, root, point, directions)));
  if (ways_->reference) f.reference = relative_error(slopes, reference_slopes(*ways_->reference, point, directions));
  return f;
}

void GradCheck::print(const GradLine& l, const Figures& f) {
  if (args_.lines.json) {
    lines_.push_back({{"line", l.number}, {"differences", f.differences}});
    if (ways_->reference) lines_.back()["reference"] = f.reference;
    return;
  }
  write("line " + std::to_string(l.number) + "  differences " + number(f.differences) +
        (ways_->reference ? "  reference " + number(f.reference) : "") + "\n");
}

void GradCheck::add(const GradLine& l) {
  std::string error = l.error;
  if (error.empty()) try {
      const Figures f = check(l);
      worst_ = {std::max(worst_.differences, f.differences), std::max(worst_.reference, f.reference)};
      ++n_checked_;
      return print(l, f);
    } catch (const Failure& failure) {
      error = failure.error.message();
      code_ = std::max(code_, exit_code(failure.error));
    }
  ++n_broken_;
  if (args_.lines.json) {
    lines_.push_back(Json::parse(error_line(l.number, error)));
  } else {
    write("line " + std::to_string(l.number) + "  " + error + "\n");
  }
}

int GradCheck::finish() {
  const bool pass = n_checked_ > 0 && n_broken_ == 0 && worst_.differences <= limit_differences_ &&
                    worst_.reference <= limit_reference_;
  const auto limit = [](double x, double most) { return number(x) + " (at most " + number(most) + ")"; };
  if (args_.lines.json) {
    Json j{{"pass", pass}, {"directions", args_.directions}, {"limits", {{"differences", limit_differences_}}}};
    if (ways_->reference) j["limits"]["reference"] = limit_reference_;
    j["lines"] = lines_;
    write_json(j);
  } else {
    write((pass ? "pass: " : "FAIL: ") + std::string("relative error against differences ") +
          limit(worst_.differences, limit_differences_) +
          (ways_->reference ? ", against the f64 reference " + limit(worst_.reference, limit_reference_)
                            : ", no reference for so large a model") +
          "; " + std::to_string(args_.directions) + " directions a line, " + std::to_string(n_checked_) +
          " lines checked, " + std::to_string(n_broken_) + " broken\n");
  }
  return std::max(code_, pass ? 0 : 1);
}

}  // namespace ponder::app
