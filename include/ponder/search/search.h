// Searches for the most likely reply: beam, best-first with a certificate. They see a CausalDensity
// and a ReplyLaw only. docs/methods.md#best-first.
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

/// When to stop: whichever comes first. Checked between batches.
struct Budget {
  double seconds = std::numeric_limits<double>::infinity();        // from the start of the call
  std::int64_t tokens = std::numeric_limits<std::int64_t>::max();  // TFE, by CausalDensity::cost
  const std::atomic<bool>* stop = nullptr;  // set by a signal handler or another thread
  std::function<bool()> enough{};           // the caller's own reason; asked between batches
};

struct BeamConfig {
  int width = 16;
  std::function<void(const Reply& best)> progress{};  // at each better reply
};
struct BeamResult {
  std::vector<Reply> replies;      // closed replies kept, most likely first; at most width
  std::optional<Reply> shorter{};  // the most likely string met that closed too early to count
  bool completed = false;          // false: the budget stopped it
};
/// Beam search: at each length the `width` most likely live prefixes and closed replies are kept;
/// it ends when no live prefix can beat the kept replies or the horizon is reached. All live
/// prefixes are one batch a step.
Result<BeamResult> beam_search(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                               const BeamConfig&, const Budget&);

/// What a search has proved about the replies it kept.
struct Certificate {
  enum class Status { kNone, kGap, kOptimal };
  enum class Claim { kAnyLength, kEndedWithinHorizon, kTruncated, kFixed };
  Status status = Status::kNone;
  Claim claim = Claim::kEndedWithinHorizon;
  double gap = std::numeric_limits<double>::infinity();  // nats: no reply beats the worst kept by
                                                         // more. 0 when optimal
  double margin = 0;                                     // nats: the worst kept - `bound`
  double bound = 0;                                      // nats: no reply that is not kept has more
  double tie = 0;   // nats: another precision may put a reply this far above one kept; 0: it cannot
  int horizon = 0;  // tokens
  int shortest = 0;  // tokens: it speaks of replies of at least so many; 0: of all
  std::int64_t expanded = 0, frontier = 0;  // prefixes expanded, and waiting at the end
  double mass_kept = 0,
         mass_left = 1;  // probability of the kept replies; bound on all that was not seen
};
std::string_view to_string(Certificate::Status);  // "none", "gap", "optimal"
std::string_view to_string(
    Certificate::Claim);  // "any-length", "ended-within-horizon", "truncated", "fixed"

class Term;  // energy.h
/// A term and its weight in what replies are worth.
struct WeightedTerm {
  const Term* term = nullptr;
  double beta = 1;  // nats per unit of R
};

struct BestFirstConfig {
  int n_best = 1;           // K: how many of the most likely replies to prove
  bool per_length = false;  // instead: the most likely reply of each length
  int batch = 64;           // most prefixes expanded in one pass
  int max_children = 256;   // longest child list; the rest is kept as one bound
  std::int64_t max_frontier =
      2'000'000;     // entries; beyond it the least likely are dropped and bound the gap
  double slack = 0;  // nats: replies this close to the worst kept are looked for, too (rivals)
  std::vector<double>
      length_prior{};  // nats: replies of n tokens are ranked by f + length_prior[n]; empty: by f
  std::vector<WeightedTerm>
      terms{};  // and by sum beta R; only terms whose range bounds it. They must live on
  std::function<void(const Reply& best, const Certificate&)>
      progress{};  // at each better reply, and now and then
};
/// What best-first ranks a reply by, nats: f + the prior of its length + sum beta R.
double worth(const BestFirstConfig&, const Reply&);

struct LengthBest {
  Reply reply;
  double gap;  // nats: no reply of this length is more likely by more; 0: proved
};
struct BestFirstResult {
  std::vector<Reply> replies;          // at most n_best, most likely first; incumbents included
  std::vector<Reply> rivals;           // other replies seen, less than slack below the worst kept
  std::vector<LengthBest> per_length;  // of each length that has a known reply, shortest first
  // The most likely string met that closed too early to count. Every string likelier than a proved
  // reply has been met, so that one likelier than that is the most likely of all lengths.
  std::optional<Reply> shorter{};
  Certificate certificate;
};
/// Best-first search. `incumbents` are known replies of the same law (they set the bar). Too little
/// memory, for keys and values or for the frontier, is no error: what is known stands, with its
/// gap. With a prior or terms, gap, margin and bound are of what replies are worth, and a reply
/// that a term forbids is none.
Result<BestFirstResult> best_first(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                   const BestFirstConfig&, std::span<const Reply> incumbents,
                                   const Budget&);

/// What the arithmetic of a precision may change of a reply's log-probability, nats: the slack of a
/// search and the tolerance of a check. bf16 against f32 on SmolLM2-135M, 22 replies of up to 40
/// tokens: 0.07 on average, 0.16 at most.
inline constexpr double kErrorF32 = 1e-3, kErrorBF16 = 0.2;

/// Re-scores what was kept and its rivals under `exact` (the same law in f32, `context` its prompt)
/// and sets the tie.
Status settle(CausalDensity& exact, const PrefixRef& context, const ReplyLaw&,
              const BestFirstConfig&, BestFirstResult&);

}  // namespace ponder
