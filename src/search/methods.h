// The methods of think, by name and settings, with their common interface: the input of a method
// (Task) and its result (Found). Not the order in which they run (think.cc).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "mcmc/spec.h"
#include "ponder/search/anneal.h"
#include "ponder/search/think.h"
#include "search/best_first.h"

namespace ponder {

struct Task {
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
  std::unique_ptr<BestFirst>& proof;  // null before the first proof; later proofs continue it

  bool endless() const {
    return budget.seconds == std::numeric_limits<double>::infinity() &&
           budget.tokens == std::numeric_limits<std::int64_t>::max();
  }
};

struct Found {
  std::vector<Reply> replies{};  // closed replies, some of them too short to count
  std::optional<Certificate> certificate{};
  std::optional<double> gap{};
};

using Run = std::function<Result<Found>(const Task&)>;
struct Method {
  Result<Run> (*make)(Settings&);
  bool from_starts = false;  // whether the method gains from several starts
};
const std::map<std::string, Method>& methods();
/// Makes the method of one component of ThinkConfig::methods. Errors: kInvalid (no such method, key
/// or value).
Result<Run> make_method(Settings&);

// Methods on relaxations (relaxed_methods.cc).
Result<Run> make_ascent(Settings&);
Result<Run> make_ascent_noise(Settings&);
Result<Run> make_hmc(Settings&);
Result<Run> make_hmc_token(Settings&);

/// The common part of all chain methods: annealing from the starts.
struct AnnealedChains {
  std::vector<AnnealStage> stages{};
  int chains = AnnealConfig{}.chains;
};
Result<Found> run_chains(const Task&, const AnnealedChains&);

}  // namespace ponder
