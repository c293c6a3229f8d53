// Thinking: a search that clients can watch, leave and come back to, hurry and drop. Its events are
// kept, so that whoever comes late or again gets what was missed. Not the search itself
// (Session::think).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ponder/openai.h"
#include "ponder/shared_session.h"
#include "serve/exchange.h"

namespace ponder::serve {

/// Threads: any.
class Thinking {
 public:
  explicit Thinking(std::string id) : id_(std::move(id)) {}
  const std::string& id() const { return id_; }

  /// Sends an event to all who watch. One that is `kept` is also sent to those who come later; of
  /// the others only the next one matters.
  void publish(const std::string& name, const std::string& data, bool kept = true);
  /// There are no more events.
  void end();
  bool ended() const;
  /// Sends the kept events after number `last`, and all that follow; closes the stream at the end.
  void watch(const std::shared_ptr<Exchange>&, std::int64_t last);

  /// The search ends soon, with the best it has; `finish` as long as somebody wants that.
  std::atomic<bool> finish{false};
  /// The search ends soon, with nothing.
  std::atomic<bool> cancel{false};
  /// Cancels where nobody has watched for a while.
  void cancel_if_abandoned();

 private:
  struct Event {
    std::int64_t id;
    std::string name, data;
  };
  std::string id_;
  mutable std::mutex mutex_;
  std::vector<Event> events_;
  std::vector<std::shared_ptr<Exchange>> watchers_;
  std::int64_t next_ = 1;
  bool ended_ = false;
  std::chrono::steady_clock::time_point seen_ = std::chrono::steady_clock::now();
};

/// The searches that run, and the last ones that have ended. Threads: any.
class ThinkStore {
 public:
  std::shared_ptr<Thinking> add(const std::string& id);
  std::shared_ptr<Thinking> find(const std::string& id) const;
  void erase(const std::string& id);
  void cancel_all();

 private:
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Thinking>> all_;  // oldest first
};

/// Searches, and publishes what happens: token (of the first reply), first, likelier, progress,
/// posterior, proof, done; or error. Returns the whole record. `stop` ends it with kCancelled. The
/// exchange: of the request that began it.
Result<std::string> think_aloud(SharedSession&, ThinkRequest, Thinking&,
                                const std::atomic<bool>& stop, const Exchange&);

}  // namespace ponder::serve
