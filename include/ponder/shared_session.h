// SharedSession: one model that many threads ask at the same time: what servers hold. Each request
// has a Session of its own, whose passes merge with those of the others and whose numbers are those
// it would get alone.
#pragma once

#include <atomic>
#include <memory>

#include "ponder/density/shared_density.h"
#include "ponder/session.h"

namespace ponder {

/// Threads: any number at once.
class SharedSession {
 public:
  /// Loads the weights. Errors: those of Session::open.
  static Result<std::shared_ptr<SharedSession>> open(std::shared_ptr<const TextModel>,
                                                     const SessionOptions& = {},
                                                     const SharedOptions& = {});
  /// The same over a model outside. Errors: those of Session::over.
  static Result<std::shared_ptr<SharedSession>> over(std::shared_ptr<LogitSource>,
                                                     const TextModel& vocabulary,
                                                     const SessionOptions& = {},
                                                     const SharedOptions& = {});
  ~SharedSession();
  const TextModel& text() const;
  const std::shared_ptr<const TextModel>& shared_text() const;
  const ModelInfo& info() const;
  int n_ctx() const;  // tokens
  /// A session for one thread at a time. Making one costs next to nothing. Once `stop` is set, its
  /// work ends within one pass with kCancelled. `failed`: CallerOptions. Both may be null, else
  /// they outlive the session. The session may outlive the SharedSession.
  std::unique_ptr<Session> caller(const std::atomic<bool>* stop = nullptr,
                                  std::atomic<bool>* failed = nullptr);
  Cost cost() const;  // of all callers
  SharedStats stats() const;

 private:
  struct State;
  friend class Session;
  explicit SharedSession(std::shared_ptr<State>);
  static Result<std::shared_ptr<SharedSession>> with_density(std::shared_ptr<const TextModel>,
                                                             const SessionOptions&,
                                                             const SharedOptions&,
                                                             std::shared_ptr<const Model>);
  std::shared_ptr<State> state_;
};

}  // namespace ponder
