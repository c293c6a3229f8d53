// The model that Python holds: one SharedSession, and for each call a session of its own, so that
// threads of Python think side by side. Not the calls (requests.cc, arrays of numbers in rows.cc).
#pragma once

#include <unistd.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "errors.h"
#include "ponder/shared_session.h"

namespace ponder::python {

/// A session for one call at a time. The flags outlive the session, which looks at them.
struct Caller {
  Flags flags{};
  std::unique_ptr<Session> session{};
};

/// Threads: any.
class Model {
 public:
  explicit Model(std::shared_ptr<SharedSession> shared) : shared_(std::move(shared)) {}
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { close(); }

  /// Ends what runs, within a pass, and gives the memory back. In a process that was forked it
  /// gives nothing back, since the threads of the model are not there to end.
  void close();
  bool closed() const;
  /// Errors: Failure of a model that is closed, or was opened before a fork.
  std::shared_ptr<SharedSession> opened() const;

  std::unique_ptr<Caller> lend();
  /// Keeps the session, with the prompts it has read, for the next call.
  void take_back(std::unique_ptr<Caller>);

  /// What a call has given, and whether it was asked to finish before its end.
  template <class A>
  struct Outcome {
    A answer;
    bool stopped = false;
  };
  /// Calls f(session) on a thread of its own; f returns a Result. Budgets get their stop flag from
  /// `flags`. `keeps`: a stopped call has an answer.
  template <class F>
  auto call(bool keeps, F f) {
    auto caller = lend();
    using R = decltype(f(*caller->session, caller->flags));
    std::optional<R> result;
    try {
      run(caller->flags, keeps, [&] { result.emplace(f(*caller->session, caller->flags)); });
    } catch (...) {
      forget(*caller);
      throw;
    }
    const bool stopped = caller->flags.finish;
    take_back(std::move(caller));
    if (stopped && !result->ok()) raise_interrupt();
    using A = std::remove_cvref_t<decltype(**result)>;
    return Outcome<A>{value_of<A>(std::move(*result)), stopped};
  }
  /// A lent session that does not come back.
  void forget(const Caller&);

 private:
  bool forked() const { return getpid() != process_; }
  [[noreturn]] static void raise_interrupt();

  mutable std::mutex mutex_;
  std::shared_ptr<SharedSession> shared_;
  std::vector<std::unique_ptr<Caller>> idle_{};  // after the model they ask
  std::vector<Caller*> lent_{};
  pid_t process_ = getpid();
};

}  // namespace ponder::python
