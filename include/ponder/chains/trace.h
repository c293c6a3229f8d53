// A trace: the record of chains, in memory, column by column. Not a file (files.h writes one) and
// not a diagnostic (diagnostics.h takes Column::chains).
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
  bool integer = false;                       // whole numbers, and written as integers
  std::vector<std::vector<double>> chains{};  // (chains, draws)
};

/// All chains have the same length; the warm-up is left out.
struct Trace {
  // (chains, draws, length), end tokens included
  std::vector<std::vector<std::vector<Token>>> replies;
  std::vector<Column> posterior;  // of the reply: logprob, distance from the first reply, …
  // of the step, named as ArviZ names them: lp, acceptance_rate, energy, …
  std::vector<Column> sample_stats;
  // model, kernel, seed, …
  std::map<std::string, std::variant<std::string, double, std::uint64_t>> attributes;
};

}  // namespace ponder
