// think searches from the first reply to a likelier one under one budget, by a portfolio of methods
// or by methods that the caller names; each starts from the replies that the methods before it
// found. It returns the best of all replies seen, the first included, and the proof about it.
// notes.h has notes for the reader. docs/methods.md#portfolio.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/search/decode.h"
#include "ponder/search/search.h"

namespace ponder {

/// The progress of a search, reported from time to time.
struct ThinkProgress {
  std::string_view method;
  const Reply* best = nullptr;  // none yet
  double seconds = 0;           // spent
  std::int64_t tokens = 0;      // TFE spent
};

struct ThinkConfig {
  DecodeConfig first{};  // how the first reply is made; all methods use its seed
  // Compare like lengths: only replies of at least two thirds of the first reply's tokens count, or
  // of the tokens before the cut where it was cut. This is the condition ReplyLawConfig::shortest
  // of the search's law, which renormalises nothing.
  bool like_lengths = false;
  // Search replies of up to one and a half times the first reply's tokens, and at least 40, instead
  // of up to the law's horizon.
  bool fit_horizon = false;
  // name:key=value,…, one after the other in even shares; empty: the portfolio, which after a long
  // first reply (more than 64 tokens, or a third of the budget) is the widest beam that can end in
  // time, and annealing: a proof could not
  std::vector<std::string> methods{};
  int drafts = 3;  // replies drawn besides the first one, as starts of chains
  int beam = 64;   // the widest beam
  BestFirstConfig best_first{};
  // the search ends after so many seconds without a better reply
  double patience_seconds = std::numeric_limits<double>::infinity();
  std::int64_t patience_tokens = std::numeric_limits<std::int64_t>::max();  // TFE
  // called with each token of the first reply as it is decoded
  std::function<void(TokenProb)> on_first_token{};
  std::function<void(const Reply&)> on_first{};  // called with the first reply before the search
  // Called before the search that follows a long first reply, with what is left of the budget; what
  // it spends is spent. An error ends the call.
  std::function<Status(const Reply&, const Budget&)> before_long_search{};
  std::function<void(const ThinkProgress&)> progress{};
};
/// Names for ThinkConfig::methods, sorted.
std::vector<std::string> think_methods();
/// Checks names and settings of methods. Errors: kInvalid (an unknown method or setting, with the
/// nearest known name).
Status check_methods(const std::vector<std::string>&);

struct ThinkMethod {
  std::string name;    // "first", "draft", "beam:width=16", "anneal", "prove", …
  double best = 0;     // log-probability of the best reply that it found, nats
  bool found = false;  // whether it found a reply of the law
  // of a relaxation: the largest relaxed f, minus f of the reply that it snaps to
  std::optional<double> gap{};
  Cost cost{};
  double seconds = 0;
};

/// The best reply known at some moment of a call.
struct ThinkPoint {
  double seconds = 0;       // since the call
  std::int64_t tokens = 0;  // TFE since the call
  double logprob = 0;       // nats
};

struct ThinkResult {
  Reply first;  // may be unended, and is then no reply
  Reply best;   // the most likely reply of `law` that was seen; `first` where none was
  // A reply likelier than `best` but too short to count; or, where no reply that counts is known,
  // the most likely of those that do not.
  std::optional<Reply> also{};
  // no reply within the law's horizon, or of any length where the certificate says so, is likelier
  // than `also`
  bool also_proved = false;
  // of the search: the caller's law, as like_lengths and fit_horizon have changed it
  ReplyLawConfig law{};
  // Log-probability gained, nats; none where `first` is no reply, since a prefix is not compared
  // with a whole reply.
  std::optional<double> gain{};
  std::vector<ThinkMethod> methods{};
  // Status kNone where no proof was tried. Its `shortest` is 0 where the proof holds for shorter
  // replies, too.
  Certificate certificate{};
  // each better reply of the law when it was found, and the end; empty: no reply was found
  std::vector<ThinkPoint> trace{};
};

/// Errors: kInvalid (those of check_methods), kUnsupported (a method that needs a gradient, on a
/// density without one), those of the density.
Result<ThinkResult> think(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                          const ThinkConfig&, const Budget&);

}  // namespace ponder
