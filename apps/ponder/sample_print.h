// Prints the answer of `ponder sample` for people: replies by count, diagnostics, a verdict; and
// the progress of the chains.
#pragma once

#include "ponder/session/sample.h"

namespace ponder::app {

void print_sample(const SampleAnswer&);
void print_verify(const VerifyAnswer&, const SampleRequest&);

/// A line on stderr, if stderr is a terminal: progress, acceptance, ESS per second, time left.
class SampleProgress {
 public:
  explicit SampleProgress(const SampleRequest&);
  ~SampleProgress();
  SampleProgress(const SampleProgress&) = delete;
  SampleProgress& operator=(const SampleProgress&) = delete;
  void show(const Chains&, double seconds);

 private:
  int warmup_, draws_, thin_;
  bool on_;
  double shown_ = -1;  // in seconds
};

}  // namespace ponder::app
