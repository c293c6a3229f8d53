// SharedDensity: one language model's density for many callers at once. Requests that callers make
// at the same time go through the network in one pass; each caller gets the numbers, the costs and
// the errors that it would get alone. Not a queue of outside requests: a caller is a thread that
// waits for its own results.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "ponder/model/model.h"

namespace ponder {

struct SharedOptions {
  /// Most tokens of one request or batch in one pass. A longer request or a larger batch takes
  /// several passes, with those of other callers in between.
  int piece_tokens = 256;
};

struct CallerOptions {
  /// Once this flag is set, the caller's request ends within one pass with kCancelled, and its
  /// nodes are released. May be null.
  const std::atomic<bool>* stop = nullptr;
  /// Set when a request of the caller was cancelled (kCancelled) by the model, and not by `stop`.
  /// May be null.
  std::atomic<bool>* failed = nullptr;
};

/// Counts since the start.
struct SharedStats {
  std::int64_t passes = 0;  // of the density
  std::int64_t parts = 0;   // requests in them: parts / passes is the mean number of callers a pass
  std::int64_t missed = 0;  // callers that a pass waited for in vain
  int waiting = 0;          // callers whose work has not begun, at this moment
};

class PassEngine;

/// Owns the density, and the thread on which all its passes run. A pass begins when all callers of
/// the last passes have made a new request, or at the latest a tenth of the last pass's time after
/// the first request; passes do not wait again for a late caller until it makes a request. Keys and
/// values are one pool, from which a caller's share is not evicted as long as it is no larger than
/// an equal share. Threads: any number at once.
class SharedDensity {
 public:
  explicit SharedDensity(std::unique_ptr<LanguageDensity>, const SharedOptions& = {});
  /// Errors: those of LanguageDensity::make.
  static Result<std::unique_ptr<SharedDensity>> make(std::shared_ptr<const Model>,
                                                     const DensityOptions&,
                                                     const SharedOptions& = {});

  /// Returns a density for one caller: its cost() counts the caller's own work, and its prompts
  /// share KV with those of all callers. It may outlive the SharedDensity. A request that fails by
  /// an error other than kInvalid ends its batch. Threads: one at a time; different callers at
  /// once.
  std::unique_ptr<LanguageDensity> caller(const CallerOptions& = {});

  Cost cost() const;  // of all callers
  SharedStats stats() const;

 private:
  std::shared_ptr<PassEngine> engine_;
};

}  // namespace ponder
