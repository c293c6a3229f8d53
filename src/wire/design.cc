// JSON of designs.
#include <algorithm>
#include <cmath>

#include "ponder/core/version.h"
#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {
namespace {

// At most kPoints values of a curve, evenly spaced and including the last, each with its iteration.
Json thinned(const std::vector<double>& curve) {
  constexpr std::size_t kPoints = 100;
  const std::size_t last = curve.size() - 1, n = std::min(curve.size(), kPoints);
  Json out = Json::array();
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = n == 1 ? last : last * k / (n - 1);
    out.push_back({i, curve[i]});
  }
  return out;
}

Json design_json(const DesignAnswer::Designed& d) {
  Json j = Json::object();
  if (!d.name.empty()) j["name"] = d.name;
  j["sequence"] = dna::dna_text(d.sequence);
  j["fitness"] = number(d.fitness);
  if (!std::isnan(d.held_out)) j["held_out"] = d.held_out;
  if (d.edits) j["edits"] = *d.edits;
  if (d.chain >= 0) j["chain"] = d.chain, j["draw"] = d.draw;
  for (const DesignAnswer::Place& p : d.places)
    j["places"].push_back({{"motif", p.motif},
                           {"begin", p.begin},
                           {"end", p.end},
                           {"strand", p.is_reverse ? "-" : "+"},
                           {"log_odds", p.odds}});
  return j;
}

}  // namespace

std::string to_json(const DesignAnswer& a, const DesignRequest& r) {
  Json list = Json::array();
  for (const auto& d : a.designs) list.push_back(design_json(d));
  Json j{{"designs", std::move(list)},
         {"method", to_string(r.method)},
         {"kernel", r.kernel},
         {"tau", r.tau},
         {"seed", r.seed},
         {"different", a.totals.n_different},
         {"diversity", a.totals.diversity},
         {"scored", a.n_scored},
         {"gradients", a.n_gradients},
         {"seconds", a.seconds}};
  if (a.convergence) {
    const auto& [energy, v, judged] = *a.convergence;
    j["diagnostics"] = {{"rhat", number(energy.rhat)}, {"ess_bulk", number(energy.ess_bulk)}};
    j["verdict"] = {
        {"converged", v.converged}, {"judged", judged}, {"reason", v.reason}, {"advice", v.advice}};
  }
  j["version"] = kVersion;
  return text_of(j);
}

std::string designs_jsonl(const DesignAnswer& a) {
  std::string lines;
  for (const auto& d : a.designs) {
    Json j = design_json(d);
    if (!d.curve.empty()) j["curve"] = thinned(d.curve);
    lines += text_of(j) + "\n";
  }
  return lines;
}

}  // namespace ponder
