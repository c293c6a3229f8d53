// think: from the first reply to a likelier one under one budget, by a portfolio of methods or by
// methods named by the caller, each starting from what the ones before it found. Returns the best
// of all replies seen, the first included, and what is proved about it. What a reader should know
// of a pair of replies: notes.h. docs/methods.md#portfolio.
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

/// What a search has come to, told now and then.
struct ThinkProgress {
  std::string_view method;
  const Reply* best = nullptr;  // none yet
  double seconds = 0;           // spent
  std::int64_t tokens = 0;      // TFE spent
};

struct ThinkConfig {
  DecodeConfig first{};  // how the first reply is made; its seed is that of all methods
  // Compare like lengths: only replies of at least two thirds of the first reply's tokens count (of
  // what there is of it, where it was cut). A condition of the search's law,
  // ReplyLawConfig::shortest: nothing is renormalised.
  bool like_lengths = false;
  // Search up to one and a half times the first reply's tokens, 40 at least, instead of to the
  // law's horizon.
  bool fit_horizon = false;
  std::vector<std::string>
      methods{};   // name:key=value,…, one after the other in even shares; empty: the portfolio
  int drafts = 3;  // replies drawn besides the first one, as starts of chains
  int beam = 64;   // the widest beam
  BestFirstConfig best_first{};
  double patience_seconds =
      std::numeric_limits<double>::infinity();  // without a better reply, and it is over
  std::int64_t patience_tokens = std::numeric_limits<std::int64_t>::max();  // TFE
  std::function<void(TokenProb)>
      on_first_token{};  // told of each token of the first reply as it is made
  std::function<void(const Reply&)> on_first{};  // and of the whole, before the search begins
  std::function<void(const ThinkProgress&)> progress{};
};
/// Names for ThinkConfig::methods, sorted.
std::vector<std::string> think_methods();
/// Would think take these? Errors: kInvalid (a method or a setting that there is not, with the
/// nearest name).
Status check_methods(const std::vector<std::string>&);

struct ThinkMethod {
  std::string name;    // "first", "draft", "beam:width=16", "anneal", "prove", …
  double best = 0;     // log-probability of the best reply it found, nats
  bool found = false;  // whether it found a reply of the law at all
  std::optional<double>
      gap{};  // of a relaxation: the largest relaxed f, minus f of what it snaps to
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
  Reply first;  // may be unended, and then no reply
  Reply best;   // the most likely reply of `law` that was seen; `first` where none was
  // Likelier than `best` but too short to count; or, where no reply that counts is known, the most
  // likely that does not.
  std::optional<Reply> also{};
  bool also_proved = false;  // no reply of the law's horizon, or of any length where the
                             // certificate says so, beats it
  ReplyLawConfig
      law{};  // of the search: the law given, with what like_lengths and fit_horizon made of it
  // Log-probability gained, nats; none where `first` is no reply: a prefix is not compared with a
  // whole reply.
  std::optional<double> gain{};
  std::vector<ThinkMethod> methods{};
  // Status kNone where no proof was tried. Its `shortest` is 0 where the proof holds for shorter
  // replies, too.
  Certificate certificate{};
  std::vector<ThinkPoint>
      trace{};  // each better reply of the law as it was found, and the end; empty: none was found
};

/// Errors: kInvalid (those of check_methods), kUnsupported (a method that needs a gradient,
/// on a density without one), those of the density.
Result<ThinkResult> think(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                          const ThinkConfig&, const Budget&);

}  // namespace ponder
