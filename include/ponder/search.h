// Searches for the most likely reply: beam, best-first with a certificate. They see a CausalDensity and a
// ReplyLaw only. METHODS 4.1.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/density.h"
#include "ponder/law.h"

namespace ponder {

/// When to stop: whichever comes first. Checked between batches.
struct Budget {
  double seconds = std::numeric_limits<double>::infinity();        // from the start of the call
  std::int64_t tokens = std::numeric_limits<std::int64_t>::max();  // TFE, by CausalDensity::cost
  const std::atomic<bool>* stop = nullptr;                         // set by a signal handler or another thread
  std::function<bool()> enough{};                                  // the caller's own reason; asked between batches
};

struct BeamConfig {
  int width = 16;
};
struct BeamResult {
  std::vector<Reply> replies;  // closed replies kept, most likely first; at most width
  bool completed = false;      // false: the budget stopped it
};
/// Beam search: at each length the `width` most likely live prefixes and closed replies are kept; it ends when no live
/// prefix can beat the kept replies or the horizon is reached. All live prefixes are one batch a step.
Result<BeamResult> beam_search(CausalDensity&, Prefix context, const ReplyLaw&, const BeamConfig&, const Budget&);

/// What a search has proved about the best reply.
struct Certificate {
  enum class Status { kNone, kGap, kOptimal };
  enum class Claim { kAnyLength, kEndedWithinHorizon, kTruncated, kFixed };
  Status status = Status::kNone;
  Claim claim = Claim::kEndedWithinHorizon;
  double gap = std::numeric_limits<double>::infinity();  // nats: no reply beats the best by more. 0 when optimal
  double margin = 0;                                     // nats: best f - the largest bound or reply left
  int horizon = 0;                                       // tokens
  std::int64_t expanded = 0;                             // prefixes expanded
  double mass_kept = 0, mass_left = 1;                   // probability of the kept replies; bound on all others
};
std::string_view to_string(Certificate::Status);  // "none", "gap", "optimal"
std::string_view to_string(Certificate::Claim);   // "any-length", "ended-within-horizon", "truncated", "fixed"

struct BestFirstConfig {
  int n_best = 1;                         // K: how many of the most likely replies to prove
  int batch = 32;                         // prefixes expanded in one pass
  int max_children = 256;                 // longest child list; the rest is kept as one bound
  std::int64_t max_frontier = 2'000'000;  // entries; beyond it the least likely are dropped and bound the gap
  std::function<void(const Reply& best, const Certificate&)> progress{};  // now and then
};
struct BestFirstResult {
  std::vector<Reply> replies;  // at most n_best, most likely first; incumbents included
  Certificate certificate;
};
/// Best-first search. `incumbents` are known replies of the same law (they set the bar).
Result<BestFirstResult> best_first(CausalDensity&, Prefix context, const ReplyLaw&, const BestFirstConfig&,
                                   std::span<const Reply> incumbents, const Budget&);

}  // namespace ponder
