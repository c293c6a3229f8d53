// A picture of two ways to a likelier reply as a request and its answer: a plane through the
// decoder's noise between two replies, and the paths over it of gradient ascent and of Hamiltonian
// Monte Carlo. Numbers only: who asks draws.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/energy/landscape.h"
#include "ponder/session/common.h"
#include "ponder/session/prompt.h"

namespace ponder {

/// How far a request has come: `done` of `all` units of a stage, e.g. 12 of 96 rows of the cells.
struct LandscapeProgress {
  std::string_view stage, unit;
  int done = 0, all = 0;
};

struct LandscapeRequest {
  PromptRequest prompt{};
  LawRequest law{};
  double alpha = 0;        // exponent of the target p^alpha; 0: 4, and 1 of two hills
  int size = 96;           // cells along each side of the square
  int seeds = 100;         // starts, of which each method makes a path
  int points = 300;        // of each path; the nearest number below that both methods can make
  std::uint64_t seed = 0;  // of the noise, the starts and the chains
  Budget budget{};         // the prompt counts
  std::function<void(const LandscapeProgress&)> progress{};
};

struct LandscapeAnswer {
  /// A reply of the plane, or a hill.
  struct Peak {
    std::string text;
    double logprob = 0;  // nats; of a hill the most
  };
  /// One method's paths from the same starts.
  struct Walk {
    std::string name, title;  // "ascent", "Gradient ascent"
    std::vector<Path> paths{};
    int points = 0;    // looked at, of each path
    int escaped = 0;   // paths that came to the goal, or to a reply more probable still
    int improved = 0;  // paths that came to a reply more probable than their start's
  };
  bool complete = true;    // false: the budget ended it, and what was reached stands
  std::string question{};  // in words; empty of two hills
  double alpha = 1;
  int seeds = 0;
  std::uint64_t seed = 0;
  Survey survey{};
  std::vector<Peak> peaks{};  // those that were seen
  int start = 0, goal = 1;    // peaks
  Point start_at{}, goal_at{};
  std::vector<Walk> walks{};
  std::vector<std::string> files{};  // where the caller has written them; empty: nowhere
  /// Of a peak in the target's mass on the square, 0 to 1.
  double share(int peak) const;
};

/// The same of two hills instead of a model; prompt and law are not looked at. Errors: kInvalid
/// (sizes below what makes a picture).
Result<LandscapeAnswer> two_hills(const LandscapeRequest&);

}  // namespace ponder
