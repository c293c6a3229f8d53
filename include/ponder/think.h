// think: from the first reply to a better one under a budget: greedy, beam, best-first, in that order, sharing
// one prefix tree. Returns the best of all replies seen, the first included.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ponder/decode.h"
#include "ponder/search.h"

namespace ponder {

struct ThinkConfig {
  DecodeConfig first{};  // how the first reply is made
  BeamConfig beam{};
  BestFirstConfig best_first{};
  std::function<void(const std::string& method, const Reply& best)> progress{};
};

struct ThinkMethod {
  std::string name;    // "first", "beam-16", "prove"
  double best = 0;     // log-probability of the best reply it found, nats
  bool found = false;  // whether it found a reply of the law at all
  Cost cost{};
  double seconds = 0;
};

struct ThinkResult {
  Reply first;  // may be unended
  Reply best;   // never less likely than `first` under the law
  std::vector<ThinkMethod> methods;
  Certificate certificate;
};

Result<ThinkResult> think(CausalDensity&, Prefix context, const ReplyLaw&, const ThinkConfig&, const Budget&);

}  // namespace ponder
