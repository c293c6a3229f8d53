// Sampler: makes the energy with its ladder of replicas, and the kernel.
#include "session/sampler.h"

#include <cmath>

namespace ponder {
namespace {

std::vector<Replica> replicas(const SampleRequest& r, const KernelSpec& kernel,
                              const std::vector<double>& beta) {
  if (!kernel.wants_ladder()) return {{.alpha = r.alpha, .beta = beta}};
  // The ladder goes from the model itself, where terms do not count, to the target, with equal
  // ratios of alpha.
  std::vector<Replica> ladder;
  for (int k = 0; k < r.rungs; ++k) {
    const double share = static_cast<double>(k) / (r.rungs - 1);
    Replica rung{.alpha = std::pow(r.alpha, share), .beta = beta};
    for (double& b : rung.beta) b *= share;
    ladder.push_back(std::move(rung));
  }
  return ladder;
}

}  // namespace

Result<std::unique_ptr<Sampler>> Sampler::make(const SampleRequest& r, Session& s,
                                               const ReplyLaw& law, const PrefixRef& context,
                                               const Prompt& prompt) {
  PONDER_ASSIGN(const KernelSpec spec, KernelSpec::parse(r.kernel));
  PONDER_ASSIGN(Terms terms, make_terms(r.terms, s, prompt));
  PONDER_ASSIGN(Energy energy, Energy::make(s.density(), context, law,
                                            replicas(r, spec, terms.beta), std::move(terms.terms)));
  auto sampler = std::make_unique<Sampler>(std::move(energy));
  PONDER_ASSIGN(sampler->kernel, spec.make(sampler->energy));
  return sampler;
}

}  // namespace ponder
