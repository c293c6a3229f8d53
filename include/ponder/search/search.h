// Searches for the most likely reply: beam search, and best-first search with a certificate. They
// use a CausalDensity and a ReplyLaw only. docs/methods.md#best-first.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/density/density.h"
#include "ponder/density/law.h"

namespace ponder {

/// Limits of a search, which stops at the first that is reached. They are checked between batches.
struct Budget {
  double seconds = std::numeric_limits<double>::infinity();        // from the start of the call
  std::int64_t tokens = std::numeric_limits<std::int64_t>::max();  // TFE, by CausalDensity::cost
  const std::atomic<bool>* stop = nullptr;  // set by a signal handler or another thread
  // the caller's own condition to stop; asked between batches
  std::function<bool()> enough{};
  /// Has somebody set the stop flag?
  bool stopped() const { return stop && stop->load(std::memory_order_relaxed); }
  /// Is there no limit to seconds or tokens?
  bool endless() const {
    return seconds == std::numeric_limits<double>::infinity() &&
           tokens == std::numeric_limits<std::int64_t>::max();
  }
};

struct BeamConfig {
  int width = 16;
  std::function<void(const Reply& best)> progress{};  // at each better reply
};
struct BeamResult {
  std::vector<Reply> replies;      // closed replies kept, most likely first; at most width
  std::optional<Reply> shorter{};  // the most likely string seen that closed too early to count
  bool completed = false;          // false: the budget stopped the search
};
/// Beam search: at each length the `width` most likely live prefixes and closed replies are kept;
/// the search ends when no live prefix can beat the kept replies or the horizon is reached. All
/// live prefixes of a step are one batch.
Result<BeamResult> beam_search(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                               const BeamConfig&, const Budget&);

/// The statement that a search has proved about the replies that it kept.
struct Certificate {
  enum class Status { kNone, kGap, kOptimal };
  enum class Claim { kAnyLength, kEndedWithinHorizon, kTruncated, kFixed };
  Status status = Status::kNone;
  Claim claim = Claim::kEndedWithinHorizon;
  // nats: no reply exceeds the worst kept one by more; 0: optimal
  double gap = std::numeric_limits<double>::infinity();
  double margin = 0;  // nats: the worst kept - `bound`
  double bound = 0;   // nats: no other reply has a larger log p
  double tie = 0;     // nats: how far another precision may put a reply above a kept one
  int horizon = 0;    // tokens
  int shortest = 0;   // tokens: the statement is about replies of at least this length; 0: all
  std::int64_t expanded = 0, frontier = 0;  // prefixes expanded, and waiting at the end
  // probability of the kept replies; bound on that of all others
  double mass_kept = 0, mass_left = 1;
};
std::string_view to_string(Certificate::Status);  // "none", "gap", "optimal"
/// "any-length", "ended-within-horizon", "truncated", "fixed".
std::string_view to_string(Certificate::Claim);

class Term;  // energy.h
/// A term and its weight in the worth of replies.
struct WeightedTerm {
  const Term* term = nullptr;
  double beta = 1;  // nats per unit of R
};

struct BestFirstConfig {
  int n_best = 1;           // K: how many of the most likely replies to prove
  bool per_length = false;  // prove the most likely reply of each length instead
  int batch = 64;           // most prefixes expanded in one pass
  int max_children = 256;   // longest child list; the rest is kept as one bound
  // entries; when there are more, the least likely are dropped and bound the gap
  std::int64_t max_frontier = 2'000'000;
  double slack = 0;  // nats: replies this close to the worst kept one are searched, too (rivals)
  // nats: replies of n tokens are ranked by f + length_prior[n]; empty: by f
  std::vector<double> length_prior{};
  // replies are also ranked by sum beta R; terms need a finite range and must outlive the search
  std::vector<WeightedTerm> terms{};
  // called at each better reply, and from time to time
  std::function<void(const Reply& best, const Certificate&)> progress{};
};
/// The worth by which best-first ranks a reply, nats: f + the prior of its length + sum beta R.
double worth(const BestFirstConfig&, const Reply&);

struct LengthBest {
  Reply reply;
  double gap;  // nats: no reply of this length is more likely by more; 0: proved
};
struct BestFirstResult {
  std::vector<Reply> replies;          // at most n_best, most likely first; incumbents included
  std::vector<Reply> rivals;           // other replies seen, less than slack below the worst kept
  std::vector<LengthBest> per_length;  // of each length that has a known reply, shortest first
  // The most likely string seen that closed too early to count. Every string likelier than a proved
  // reply has been seen, so a `shorter` that is likelier than it is the most likely reply of all
  // lengths.
  std::optional<Reply> shorter{};
  Certificate certificate;
};
/// Best-first search. `incumbents` are known replies of the same law, which set the bar. Too little
/// memory, for keys and values or for the frontier, is no error: the result is the best known
/// replies with their gap. With a prior or terms, gap, margin and bound are differences of worth,
/// and a reply that a term forbids does not count.
Result<BestFirstResult> best_first(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                   const BestFirstConfig&, std::span<const Reply> incumbents,
                                   const Budget&);

/// The largest error of a reply's log-probability by the arithmetic of a precision, nats: the slack
/// of a search and the tolerance of a check. bf16 against f32 on SmolLM2-135M, 22 replies of up to
/// 40 tokens: 0.07 on average, 0.16 at most.
inline constexpr double kErrorF32 = 1e-3, kErrorBF16 = 0.2;

/// Scores the kept replies and their rivals again under `exact` (the same law in f32, `context` its
/// prompt) and sets the tie.
Status settle(CausalDensity& exact, const PrefixRef& context, const ReplyLaw&,
              const BestFirstConfig&, BestFirstResult&);

}  // namespace ponder
