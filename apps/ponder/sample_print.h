// What `ponder sample` shows people: replies by count, diagnostics, a verdict; how far the chains
// are.
#pragma once

#include "ponder/session/sample.h"

namespace ponder::app {

void print_sample(const SampleAnswer&);
void print_verify(const VerifyAnswer&, const SampleRequest&);

/// A line on stderr, where that is a terminal: how far, acceptance, ESS a second, time left.
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
  double shown_ = -1;  // seconds
};

}  // namespace ponder::app
