// Dual averaging with Stan's constants.
#include "ponder/chains/adaptation.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ponder {
namespace {

constexpr double kGamma = 0.05, kOffset = 10, kKappa = 0.75;
// bound of |log step|: with chains that accept every proposal it would grow without limit
constexpr double kLargest = 30;

double last_log_step(const Adaptation::Average& a, double most) {
  return std::clamp(a.start - std::sqrt(a.n) / kGamma * a.shortfall, -kLargest,
                    std::min(kLargest, std::log(most)));
}

}  // namespace

Adaptation::Adaptation(Kernel& k) : steps_(k.step_sizes()), n_moves_(k.moves().size()) {
  for (const StepSize& s : steps_) averages_.push_back({.start = std::log(*s.value)});
}

void Adaptation::update(std::span<const StepInfo> infos) {
  const std::size_t n_chains = infos.size() / n_moves_;
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    double sum = 0;
    int n = 0;
    for (const StepInfo& i : infos.subspan(steps_[k].move * n_chains, n_chains)) {
      if (i.n_proposed == 0) continue;
      sum += i.numeric ? 0 : std::exp(std::min(0., i.log_acceptance));
      ++n;
    }
    if (n == 0) continue;
    Average& a = averages_[k];
    ++a.n;
    const double weight = 1 / (a.n + kOffset);
    a.shortfall += weight * (steps_[k].acceptance - sum / n - a.shortfall);
    const double log_step = last_log_step(a, steps_[k].most);
    a.mean_log_step += std::pow(a.n, -kKappa) * (log_step - a.mean_log_step);
    *steps_[k].value = std::exp(log_step);
  }
}

void Adaptation::freeze() {
  for (std::size_t k = 0; k < steps_.size(); ++k)
    if (averages_[k].n > 0) *steps_[k].value = std::exp(averages_[k].mean_log_step);
}

void Adaptation::restore(std::span<const Average> averages) {
  PONDER_CHECK(averages.size() == steps_.size());
  averages_.assign(averages.begin(), averages.end());
  for (std::size_t k = 0; k < steps_.size(); ++k)
    *steps_[k].value = std::exp(last_log_step(averages_[k], steps_[k].most));
}

}  // namespace ponder
