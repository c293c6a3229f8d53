// The model that Python holds: one SharedSession, and for each call a session of its own, so that
// threads of Python think side by side. Not the calls: requests.cc, and numbers.cc for arrays.
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
#include "raised.h"

namespace ponder::python {

/// A session for one call at a time. The flags outlive the session, which looks at them.
struct Caller {
  Flags flags{};
  std::unique_ptr<Session> session{};
};

class Model;

/// A session that a model has lent. It goes back at the end; once its flags say cancel, the model
/// does not lend it again. The model must outlive it.
class Loan {
 public:
  Loan(Model& m, std::unique_ptr<Caller> c) : model_(m), caller_(std::move(c)) {}
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan();
  Session& session() const { return *caller_->session; }
  Flags& flags() const { return caller_->flags; }

 private:
  Model& model_;
  std::unique_ptr<Caller> caller_;
};

/// Threads: any.
class Model {
 public:
  /// `raised`: what code of Python's raises within a pass; null if there is none.
  explicit Model(std::shared_ptr<SharedSession> shared, std::shared_ptr<Raised> raised = nullptr)
      : shared_(std::move(shared)), raised_(std::move(raised)) {}
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { close(); }

  /// Ends what runs, within a pass, and gives the memory back. In a process that was forked it
  /// gives nothing back, since the threads of the model are not there to end.
  void close();
  bool closed() const;
  bool forked() const { return getpid() != process_; }
  /// Errors: Failure of a model that was opened before a fork.
  void check_process() const;
  /// Errors: those of check_process; Failure of a model that is closed.
  std::shared_ptr<SharedSession> opened() const;

  /// Errors: those of opened.
  Loan lend();

  /// After a call: gives its flags what has ended a pass of it, and finishes it.
  static void note_raised(Flags& flags) {
    if (!flags.failed || flags.raised || !flags.density || !flags.density->last()) return;
    flags.raised.emplace(*flags.density->last());
    flags.finish = true;
  }

  /// What a call has given, and whether it was asked to finish before its end, or had to.
  template <class A>
  struct Outcome {
    A answer;
    bool stopped = false;
  };
  /// Calls f(session) on a thread of its own; f returns a Result. Budgets get their stop flag from
  /// `flags`. `keeps`: a stopped call has an answer.
  template <class F>
  auto call(bool keeps, F f) {
    const Loan loan = lend();
    using R = decltype(f(loan.session(), loan.flags()));
    std::optional<R> result;
    try {
      run(loan.flags(), keeps, [&] { result.emplace(f(loan.session(), loan.flags())); });
    } catch (...) {
      loan.flags().cancel = true;
      throw;
    }
    if (loan.flags().cancel) throw Failure(closed_meanwhile());  // an interrupt would have thrown
    note_raised(loan.flags());
    const bool stopped = loan.flags().finish;
    if (!result->ok()) raise_why(loan.flags());
    using A = std::remove_cvref_t<decltype(**result)>;
    warn_raised(loan.flags());
    return Outcome<A>{value_of<A>(std::move(*result)), stopped};
  }

 private:
  friend class Loan;
  /// Keeps the session, with the prompts it has read, for the next call.
  void take_back(std::unique_ptr<Caller>);
  void forget_raised();  // once no call is left that may ask for it
  std::shared_ptr<SharedSession> opened_locked() const;

  mutable std::mutex mutex_;
  std::shared_ptr<SharedSession> shared_;
  std::shared_ptr<Raised> raised_;
  std::vector<std::unique_ptr<Caller>> idle_{};  // after the model they ask
  std::vector<Caller*> lent_{};
  pid_t process_ = getpid();
};

}  // namespace ponder::python
