// What `ponder sample` is asked for, and the run of its chains: sample.cc asks and runs, sample_print.cc tells,
// verify.cc proves.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "jsonl.h"
#include "ponder/chains.h"
#include "terms.h"

namespace ponder::app {

struct SampleArgs {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  LawArgs law;
  BudgetArgs budget{""};
  TermArgs terms;
  double alpha = 4;
  std::string kernel = "suffix";
  int chains = 4, draws = 250, warmup = 100, thin = 1, rungs = 4;
  std::uint64_t seed = 0;
  std::string out;
  bool resume = false, force = false, verify = false;
};

/// Target and kernel of a prompt. The replicas are a ladder when the kernel exchanges them.
struct Sampler {
  Sampler(const SampleArgs&, Engine&, const ReplyLaw&, const PrefixRef& context, Terms);
  KernelSpec spec;
  Energy energy;
  std::unique_ptr<Kernel> kernel;
};

struct SampleRun {
  const Chains& chains;
  const ReplyLaw& law;
  Cost cost;
  double seconds;  // of the chains, warm-up included
  bool stopped;    // by the budget or a signal
};

Json sample_json(const SampleArgs&, const Engine&, const SampleRun&);
void print_sample(const SampleArgs&, const Engine&, const SampleRun&);

/// A line on stderr, where that is a terminal: how far, acceptance, ESS a second, time left.
class SampleProgress {
 public:
  SampleProgress(const SampleArgs&, bool wanted);
  ~SampleProgress();
  void show(const Chains&, double seconds);

 private:
  const SampleArgs& args_;
  bool on_;
  double shown_ = -1;  // seconds
};

/// Runs the law on this machine's own model, with few enough ids to enumerate. The exit code.
int verify_law(const SampleArgs&, Engine&, const std::vector<Token>& prompt);

}  // namespace ponder::app
