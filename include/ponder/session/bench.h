// The speed of this machine on a model as a request and its answer: rates of the engine's usual
// work, beside the machine's own rates of matrix products and memory; and how far the numbers of
// its precision are from f32.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ponder/model/gguf.h"
#include "ponder/model/model.h"

namespace ponder {

/// Units a second over some runs, or nats over some tokens.
struct BenchRate {
  double median = 0, min = 0, max = 0;
};

/// What one piece of work came to.
struct BenchResult {
  std::string name, unit;  // "decode128", "tokens/s"; "nats" of what is no speed
  BenchRate rate{};
  std::optional<double> gflops{},
      gbs{};  // of the median: arithmetic a second, and weights read; where counted
};

struct BenchRequest {
  int repeats = 5;                  // runs of each piece of work, after one that is not counted
  std::vector<std::string> only{};  // these pieces of work, of bench_names(); empty: all
  std::function<void(const BenchResult&)> progress{};  // after each piece of work
};

struct BenchAnswer {
  std::vector<BenchResult> results{};  // in the order of bench_names()
  double rss_mb = 0;        // the most memory held up to the last work that is not a gradient
  double load_seconds = 0;  // what the caller has waited for the session; 0: not measured
  ModelInfo model{};
  std::shared_ptr<const GgufFile> file{};
};

/// Names of all pieces of work, in the order in which they are run.
std::vector<std::string> bench_names();

}  // namespace ponder
