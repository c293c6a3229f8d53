// The pieces of work that `ponder bench` times, and the machine's own rates of matrix products and memory. Not what is
// printed of them: bench.cc.
#pragma once

#include <span>

#include "session.h"

namespace ponder::app {

/// Units a second over some runs, or nats over some tokens.
struct Rate {
  double median = 0, min = 0, max = 0;
};
Rate rate_of(std::vector<double>);

class Bench {
 public:
  /// Each work is run `repeats` times after one that is not counted. The engine, made of `args`, must outlive it.
  Bench(const ModelArgs& args, Engine& e, int repeats) : args_(args), engine_(e), d_(*e.density), repeats_(repeats) {}

  Rate prefill(int n);
  Rate decode(int n_prompt, int n_streams, int n_tokens, Draw::Kind);
  Rate rows(int n_prompt, int n_rows, int n_tokens);
  Rate gradient(int n_prompt, int n_chains, int n_tokens);
  Rate gemm_peak();  // GFLOPS at the shape of a feed-forward layer, 512 rows
  Rate dram_read();  // GB/s
  // |difference| of log p of each token of drawn replies: how they were decoded, one token at a time, against all of
  // them scored at once (bench_drift.cc). Zero, for a row's numbers depend on its prefix alone.
  Rate drift_of_decoding();
  Rate drift_from_f32();  // scored at once, against the same in f32

  /// Multiply-adds, times two, of one token through all matrices but the vocabulary, and through that, GFLOP.
  double layers_gflop() const;
  double vocabulary_gflop() const;
  double weights_gb() const;  // in the file

 private:
  template <class F>
  Rate measure(double units, const F& fn) const;
  Token token(int i) const;
  PrefixRef context(int n, int seed);

  /// Replies to a prompt, drawn by decoding, each alone, with the log p of their tokens.
  struct Drawn {
    std::vector<std::vector<Token>> replies;
    std::vector<double> logprobs;
  };
  std::vector<Token> drift_prompt() const;
  const Drawn& drawn();
  std::vector<double> scored(Engine&);

  const ModelArgs& args_;
  Engine& engine_;
  LanguageDensity& d_;
  int repeats_;
  Drawn drawn_;
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
