// The methods of think, by name and settings, all seen in one way: what a method is given, and what
// it gives back. Not the order in which they run (think.cc).
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
  std::uint64_t seed;             // of this method's draws
  Budget budget;                  // its share
  Budget rest;                    // all that is left, for what would be in vain if it were cut off
  std::function<void(const Reply&)>
      offer;  // told of replies while it works, each better one as it is found
  std::unique_ptr<BestFirst>& proof;  // none before the first proof; later ones take it up again

  bool endless() const {
    return budget.seconds == std::numeric_limits<double>::infinity() &&
           budget.tokens == std::numeric_limits<std::int64_t>::max();
  }
};

struct Found {
  std::vector<Reply> replies{};  // closed ones, some of them too short to count
  std::optional<Certificate> certificate{};
  std::optional<double> gap{};
};

using Run = std::function<Result<Found>(const Task&)>;
struct Method {
  Result<Run> (*make)(Settings&);
  bool from_starts = false;  // does it gain from several starts?
};
const std::map<std::string, Method>& methods();
/// Of one component of ThinkConfig::methods. Errors: kInvalid (no such method, key or value).
Result<Run> make_method(Settings&);

// Of relaxations (relaxed_methods.cc).
Result<Run> make_ascent(Settings&);
Result<Run> make_ascent_noise(Settings&);
Result<Run> make_hmc(Settings&);
Result<Run> make_hmc_token(Settings&);

/// What all chain methods do: anneal from the starts.
struct AnnealedChains {
  std::vector<AnnealStage> stages{};
  int chains = AnnealConfig{}.chains;
};
Result<Found> run_chains(const Task&, const AnnealedChains&);

}  // namespace ponder
