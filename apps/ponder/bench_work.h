// The pieces of work that `ponder bench` times, and the machine's own rates of matrix products and memory. Not what is
// printed of them: bench.cc.
#pragma once

#include <span>

#include "session.h"

namespace ponder::app {

/// Units a second over some runs.
struct Rate {
  double median = 0, min = 0, max = 0;
};

class Bench {
 public:
  /// Each work is run `repeats` times after one that is not counted. The engine must outlive it.
  Bench(Engine& e, int repeats) : engine_(e), d_(*e.density), repeats_(repeats) {}

  Rate prefill(int n);
  Rate decode(int n_prompt, int n_streams, int n_tokens, Draw::Kind);
  Rate rows(int n_prompt, int n_rows, int n_tokens);
  Rate gradient(int n_prompt, int n_chains, int n_tokens);
  Rate gemm_peak();  // GFLOPS at the shape of a feed-forward layer, 512 rows
  Rate dram_read();  // GB/s

  /// Multiply-adds, times two, of one token through all matrices but the vocabulary, and through that, GFLOP.
  double layers_gflop() const;
  double vocabulary_gflop() const;
  double weights_gb() const;  // in the file

 private:
  template <class F>
  Rate measure(double units, const F& fn) const;
  Token token(int i) const;
  int context(int n, int seed);

  Engine& engine_;
  LanguageDensity& d_;
  int repeats_;
};

struct Work {
  const char *name, *unit;
  Rate (*run)(Bench&);
  double (*gflop)(const Bench&) = nullptr;  // of one token; null: not counted
  double (*gb)(const Bench&) = nullptr;     // of the file, read for one token
  bool gradient = false;
};
/// All of them, in the order in which they are run.
std::span<const Work> bench_works();

}  // namespace ponder::app
