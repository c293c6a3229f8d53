// A trace: what was recorded of chains, in memory, column by column. Not a file (files.h writes
// one) and not a diagnostic (diagnostics.h takes Column::chains as it is).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "ponder/core/token.h"

namespace ponder {

/// One scalar of every draw.
struct Column {
  std::string name;                           // "logprob"
  std::string description{};                  // "log p of the reply, nats"; may be empty
  bool integer = false;                       // whole numbers, and written as such
  std::vector<std::vector<double>> chains{};  // (chains, draws)
};

/// All chains are equally long, warm-up left out.
struct Trace {
  std::vector<std::vector<std::vector<Token>>>
      replies;                    // (chains, draws, length), end tokens included
  std::vector<Column> posterior;  // of the reply: logprob, distance from the first reply, …
  std::vector<Column>
      sample_stats;  // of the step, named as ArviZ names them: lp, acceptance_rate, energy, …
  std::map<std::string, std::variant<std::string, double, std::uint64_t>>
      attributes;  // model, kernel, seed, …
};

}  // namespace ponder
