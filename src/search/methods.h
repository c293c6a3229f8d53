// The methods of think, by name and settings, with their common interface: the input of a method
// (MethodInput) and its result (MethodOutput). Not the order in which they run (think.cc).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "mcmc/spec.h"
#include "ponder/search/anneal.h"
#include "ponder/search/think.h"
#include "search/best_first.h"

namespace ponder {

struct MethodInput {
  CausalDensity& density;
  const PrefixRef& context;
  const ReplyLaw& law;
  const ThinkConfig& config;
  std::span<const Reply> starts;  // replies of the law to start from, the best known first
  std::uint64_t seed;             // seed of this method's draws
  Budget budget;                  // the method's share of the budget
  // all of the remaining budget, for work that would be useless if it were cut off
  Budget rest;
  // called with each better reply when it is found, while the method works
  std::function<void(const Reply&)> offer;
  // The caller's proof, null before the first method that proves; later ones continue it.
  std::unique_ptr<BestFirst>& proof;
};

struct MethodOutput {
  std::vector<Reply> replies{};  // closed replies, some of them too short to count
  std::optional<Certificate> certificate{};
  std::optional<double> gap{};
};

using MethodFunction = std::function<Result<MethodOutput>(const MethodInput&)>;
struct Method {
  Result<MethodFunction> (*make)(Settings&);
  bool from_starts = false;  // whether the method gains from several starts
};
const std::map<std::string, Method>& methods();
/// Makes the method of one component of ThinkConfig::methods. Errors: kInvalid (no such method, key
/// or value).
Result<MethodFunction> make_method(Settings&);

// Methods on relaxations (relaxed_methods.cc).
Result<MethodFunction> make_ascent(Settings&);
Result<MethodFunction> make_ascent_noise(Settings&);
Result<MethodFunction> make_hmc(Settings&);
Result<MethodFunction> make_hmc_token(Settings&);

/// The common part of all chain methods: annealing from the starts.
struct AnnealedChains {
  std::vector<AnnealStage> stages{};
  int chains = AnnealConfig{}.chains;
};
Result<MethodOutput> run_chains(const MethodInput&, const AnnealedChains&);

}  // namespace ponder
