// SharedDensity: one language model's density for many callers at once. What callers ask for at the
// same time is one pass; each has the numbers, the costs and the errors that it would have alone.
// Not a queue of requests from outside: a caller is a thread that waits for its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "ponder/model/model.h"

namespace ponder {

struct SharedOptions {
  /// Most tokens of long work in one pass: a longer request, or a larger batch, takes several, with
  /// others in between.
  int piece_tokens = 256;
};

struct CallerOptions {
  /// Once it is set, what the caller waits for ends within a pass with kCancelled, and its nodes
  /// go. May be null.
  const std::atomic<bool>* stop = nullptr;
};

/// Counts since the start.
struct SharedStats {
  std::int64_t passes = 0;  // of the density
  std::int64_t parts = 0;   // what callers had in them: parts / passes callers went together
  std::int64_t missed = 0;  // callers who were waited for before a pass and did not come
  int waiting = 0;          // callers, now, whose work is not under way
};

class PassEngine;

/// Owns the density, and the thread on which all its passes run. A pass begins when all callers of
/// the last ones have asked for something again, at the latest a tenth of the last pass's time
/// after the first; who was late is not waited for until it asks again. Keys and values are one
/// pool: what a caller does not hold beyond an equal share stays. Threads: any number at once.
class SharedDensity {
 public:
  explicit SharedDensity(std::unique_ptr<LanguageDensity>, const SharedOptions& = {});
  /// As LanguageDensity::make.
  static Result<std::unique_ptr<SharedDensity>> make(std::shared_ptr<const Model>,
                                                     const DensityOptions&,
                                                     const SharedOptions& = {});

  /// A density of the caller's own: cost() counts what it alone has spent, and prompts share KV
  /// with those of all callers. It may outlive the SharedDensity. A request that fails by an error
  /// other than kInvalid ends its batch. Threads: one at a time; different callers at once.
  std::unique_ptr<LanguageDensity> caller(const CallerOptions& = {});

  Cost cost() const;  // of all callers
  SharedStats stats() const;

 private:
  std::shared_ptr<PassEngine> engine_;
};

}  // namespace ponder
