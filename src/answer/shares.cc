// Wilson's interval, and the order of answers.
#include "answer/shares.h"

#include <algorithm>
#include <cmath>

namespace ponder {

Interval wilson(double k, double n, double z) {
  if (n <= 0) return {};
  const double p = k / n, zz = z * z / n, middle = (p + zz / 2) / (1 + zz);
  const double half = z / (1 + zz) * std::sqrt(p * (1 - p) / n + zz / (4 * n));
  return {std::clamp(middle - half, 0., p), std::clamp(middle + half, p, 1.)};
}

void sort_by_mass(std::vector<AnswerMass>& answers) {
  std::stable_sort(answers.begin(), answers.end(),
                   [](const AnswerMass& a, const AnswerMass& b) { return a.mass > b.mass; });
}

std::vector<AnswerMass> shares_of(const std::map<std::string, double>& counts, double n) {
  std::vector<AnswerMass> all;
  for (const auto& [answer, k] : counts) {
    const Interval i = wilson(k, n);
    all.push_back({answer, k / n, i.lower, i.upper});
  }
  sort_by_mass(all);
  return all;
}

}  // namespace ponder
