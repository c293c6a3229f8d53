// Bench: the workloads that `ponder bench` times. Not the choice of workloads, nor what is counted
// for each: bench.cc.
#pragma once

#include <vector>

#include "ponder/session.h"

namespace ponder {

BenchRate rate_of(std::vector<double>);

class Bench {
 public:
  /// Each workload runs `repeats` times, after one run that is not counted. The session must
  /// outlive the Bench.
  Bench(Session& s, int repeats)
      : session_(s), info_(s.model().info()), d_(s.density()), repeats_(repeats) {}

  // Errors of all workloads: those of the density.
  Result<BenchRate> prefill(int n);
  Result<BenchRate> decode(int n_prompt, int n_streams, int n_tokens, Draw::Kind);
  Result<BenchRate> rows(int n_prompt, int n_rows, int n_tokens);
  Result<BenchRate> gradient(int n_prompt, int n_chains, int n_tokens);
  Result<BenchRate> gemm_peak();  // GFLOPS with the shape of a feed-forward layer, 512 rows
  Result<BenchRate> dram_read();  // GB/s
  // |difference| of the log p of each token of drawn replies, between decoding one token at a time
  // and scoring all replies at once (bench_drift.cc). It is zero, since the numbers of a row depend
  // on its prefix alone.
  Result<BenchRate> drift_of_decoding();
  Result<BenchRate> drift_from_f32();  // |difference| between scoring at once here and in f32

  /// The operations (multiply-adds times two) of one token, in GFLOP: in all matrices except the
  /// vocabulary matrix, and in the vocabulary matrix.
  double layers_gflop() const;
  double vocabulary_gflop() const;
  double weights_gb() const;  // bytes in the file of the weights that one token needs, in GB

 private:
  double used_share(const GgufTensor&) const;  // the part of a tensor that one token needs
  template <class F>
  Result<BenchRate> measure(double units, const F& fn) const;
  Token token(int i) const;
  Result<PrefixRef> context(int n, int seed);
  std::vector<std::vector<Token>> replies(int repeat, int n, int n_tokens) const;  // (n, n_tokens)

  /// Replies to a prompt, each decoded by itself, and the log p of their tokens.
  struct Drawn {
    std::vector<std::vector<Token>> replies;
    std::vector<double> logprobs;
  };
  // Draws the replies on the first call; later calls do nothing.
  Status draw_replies();
  // The log p of every token of the drawn replies, scored in one batch.
  Result<std::vector<double>> scored(Session&);

  Session& session_;
  const ModelInfo& info_;
  LanguageDensity& d_;
  int repeats_;
  Drawn drawn_;
};

}  // namespace ponder
