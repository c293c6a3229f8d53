// A small trace with replies of different lengths: 3 chains of 40 draws.
#pragma once

#include <cmath>

#include "ponder/chains/trace.h"

namespace ponder {

inline Trace sample_trace() {
  Trace t;
  Column logprob{.name = "logprob", .description = "log p of the reply, nats"};
  Column tries{.name = "tries", .integer = true}, lp{.name = "lp"},
      acceptance{.name = "acceptance_rate"};
  for (int c = 0; c < 3; ++c) {
    auto& replies = t.replies.emplace_back();
    for (Column* column : {&logprob, &tries, &lp, &acceptance}) column->chains.emplace_back();
    for (int d = 0; d < 40; ++d) {
      const double x = std::sin(1 + d * (c + 1.7));
      replies.emplace_back(static_cast<std::size_t>((c + 5 * d) % 8), 100 * c + d);
      logprob.chains.back().push_back(x);
      tries.chains.back().push_back(c + d);
      lp.chains.back().push_back(4 * x);
      acceptance.chains.back().push_back(0.5 + 0.5 * x);
    }
  }
  t.posterior = {logprob};
  t.sample_stats = {tries, lp, acceptance};
  t.attributes = {{"model", "toy, ü"}, {"seed", std::uint64_t{1} << 63}, {"alpha", 4.0}};
  return t;
}

}  // namespace ponder
