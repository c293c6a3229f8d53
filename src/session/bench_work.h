// The pieces of work that a bench times. Not which of them are run, nor what is counted of them:
// bench.cc.
#pragma once

#include <vector>

#include "ponder/session.h"

namespace ponder {

BenchRate rate_of(std::vector<double>);

class Bench {
 public:
  /// Each work is run `repeats` times after one that is not counted. The session must outlive it.
  Bench(Session& s, int repeats)
      : session_(s), info_(s.model().info()), d_(s.density()), repeats_(repeats) {}

  // Errors of all: those of the density.
  Result<BenchRate> prefill(int n);
  Result<BenchRate> decode(int n_prompt, int n_streams, int n_tokens, Draw::Kind);
  Result<BenchRate> rows(int n_prompt, int n_rows, int n_tokens);
  Result<BenchRate> gradient(int n_prompt, int n_chains, int n_tokens);
  Result<BenchRate> gemm_peak();  // GFLOPS at the shape of a feed-forward layer, 512 rows
  Result<BenchRate> dram_read();  // GB/s
  // |difference| of log p of each token of drawn replies: how they were decoded, one token at a
  // time, against all of them scored at once (bench_drift.cc). Zero, for a row's numbers depend on
  // its prefix alone.
  Result<BenchRate> drift_of_decoding();
  Result<BenchRate> drift_from_f32();  // scored at once, against the same in f32

  /// Multiply-adds, times two, of one token through all matrices but the vocabulary, and through
  /// that, GFLOP.
  double layers_gflop() const;
  double vocabulary_gflop() const;
  double weights_gb() const;  // in the file

 private:
  template <class F>
  Result<BenchRate> measure(double units, const F& fn) const;
  Token token(int i) const;
  Result<PrefixRef> context(int n, int seed);
  std::vector<std::vector<Token>> replies(int repeat, int n, int n_tokens) const;  // (n, n_tokens)

  /// Replies to a prompt, drawn by decoding, each alone, with the log p of their tokens.
  struct Drawn {
    std::vector<std::vector<Token>> replies;
    std::vector<double> logprobs;
  };
  // Draws them, the first time that it is called.
  Status draw_replies();
  // log p of every token of the drawn replies, all in one batch.
  Result<std::vector<double>> scored(Session&);

  Session& session_;
  const ModelInfo& info_;
  LanguageDensity& d_;
  int repeats_;
  Drawn drawn_;
};

}  // namespace ponder
