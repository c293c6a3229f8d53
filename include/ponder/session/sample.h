// Draws from p^alpha as a request and its answer, and the proof of the law on the model at work.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ponder/chains/chains.h"
#include "ponder/chains/diagnostics.h"
#include "ponder/session/common.h"
#include "ponder/session/prompt.h"
#include "ponder/session/specs.h"

namespace ponder {

struct SampleRequest {
  PromptRequest prompt{};
  LawRequest law{};
  TermsRequest terms{};
  double alpha = 4;               // the power of the probability: 1 is the model itself
  std::string kernel = "suffix";  // as KernelSpec::parse reads it
  ChainsConfig chains{};
  int draws = 250;  // kept, of each chain
  int rungs = 4;    // replicas of a chain, from alpha 1 up, where the kernel exchanges them
  Budget budget{};
  std::string
      checkpoint{};     // file that the state of the chains is saved to now and then; empty: none
  bool resume = false;  // go on from the checkpoint
  std::function<void(const Chains&, double seconds)> progress{};  // after each step
};

struct SampleAnswer : Answer {
  struct Counted : SpelledReply {
    int count = 0;  // draws, of all chains
  };
  struct Scalar {
    std::string name;
    Summary summary{};
    double rhat_nested = 0;  // of many short chains; NaN where each began at a reply of its own
  };
  struct TunedStep {
    std::string move, name;
    double value = 0;
  };
  SpelledReply reply{};  // the last draw of the first chain
  double alpha = 1;
  std::string kernel{};
  ChainsConfig chains{};
  int draws = 0;                   // kept, of each chain
  bool complete = true;            // false: the budget ended it
  std::vector<Counted> replies{};  // most frequent first; ties: the likelier
  std::vector<Scalar> scalars{};   // logprob, length, distance, terms
  double acceptance = 0;           // of all moves together, 0 to 1
  std::vector<MoveCounts> moves{};
  std::vector<double> alphas{};    // of the replicas of a chain
  std::vector<TunedStep> steps{};  // what the warm-up has settled on
  Verdict verdict{};               // its advice names the flags of the program
  std::string terms{};             // as they were written
  Trace trace{};                   // all draws; without attributes
  std::string file{};              // where the caller has written them; empty: nowhere
};

/// All draws with what a file of them says of the run. Reads the whole model file for its SHA-256.
Trace labelled_trace(const SampleAnswer&);
/// A swap of a ladder is between a replica and the next one above.
bool is_swap(const MoveCounts&);
/// Of all moves together, 0 to 1.
double acceptance(std::span<const MoveCounts>);

/// The chains on the model at work, restricted to a few ids and short replies, against the
/// enumerated law.
struct VerifyAnswer {
  bool passed = false, enough = false;  // enough: so many draws that a wrong law would show
  double tv = 1;                        // total variation of the draws to the law
  double floor = 1;                     // what sampling noise alone leaves of it
  std::size_t replies = 0;              // enumerated
  int draws = 0;
  LawRequest law{};  // as it was restricted
};

}  // namespace ponder
