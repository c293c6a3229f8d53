// The methods of think, by name, all seen in one way: what a method is given, and what it gives back. Not the order in
// which they run (think.cc).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ponder/anneal.h"
#include "ponder/think.h"
#include "search/best_first.h"

namespace ponder {

struct Task {
  CausalDensity& density;
  Prefix context;
  const ReplyLaw& law;
  const ThinkConfig& config;
  std::span<const Reply> starts;            // replies of the law to start from, the best known first
  std::uint64_t seed;                       // of this method's draws
  Budget budget;                            // its share
  std::function<void(const Reply&)> offer;  // told of replies while it works
  std::unique_ptr<BestFirst>& proof;        // none before the first proof; later ones take it up again

  bool endless() const {
    return budget.seconds == std::numeric_limits<double>::infinity() &&
           budget.tokens == std::numeric_limits<std::int64_t>::max();
  }
};

struct Found {
  std::vector<Reply> replies{};
  std::optional<Certificate> certificate{};
  std::optional<double> gap{};
};

struct Method {
  Result<Found> (*run)(const Task&);
  bool from_starts = false;  // does it gain from several starts?
};
const std::map<std::string, Method>& methods();

// Of relaxations (relaxed_methods.cc).
Result<Found> run_ascent(const Task&);
Result<Found> run_ascent_noise(const Task&);
Result<Found> run_hmc(const Task&);
Result<Found> run_hmc_token(const Task&);

/// What all chain methods do: anneal from the starts.
Result<Found> run_chains(const Task&, std::vector<AnnealStage> stages);

}  // namespace ponder
