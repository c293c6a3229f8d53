// PassJob: the work for which one caller waits: a batch of requests, which may take several passes,
// or a function that runs by itself. This file decides which pieces of the batch go into a pass;
// pass_engine.h decides when, and with which other jobs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <span>
#include <vector>

#include "ponder/density/density.h"

namespace ponder {

/// What the engine knows about a caller.
struct PassCaller {
  int account = 0;                          // the account to which its nodes are charged
  const std::atomic<bool>* stop = nullptr;  // may be null
  bool expected = false;  // took part in a pass and has not asked for anything since
  bool cancelled() const { return stop && stop->load(std::memory_order_relaxed); }
};

/// The request for tokens [begin, end) of a request, to be continued at the node `at`. If each
/// piece has at least two tokens, the rows and costs of all pieces together are those of the whole
/// request. A piece that is not the last asks for the rows of its targets at most. So if a row
/// follows its last token, the next piece feeds and counts that token.
Extend piece_of(const Extend&, const PrefixRef& at, std::size_t begin, std::size_t end);

/// Threads: the caller's before the job is queued and after it is done, else the engine's.
struct PassJob {
  PassJob(PassCaller& c, std::span<const Extend> batch)
      : caller(c), requests(batch), states(batch.size()) {}
  PassJob(PassCaller& c, std::function<Status()> work) : caller(c), alone(std::move(work)) {}

  struct State {
    std::size_t n_fed = 0;  // number of tokens fed so far
    bool over = false;
    PrefixRef at{};  // the node after these tokens, of the inner density
    std::vector<Row> rows{};
    Cost cost{};
    Status status{};
  };
  /// One piece of a request: tokens [begin, end).
  struct Piece {
    std::size_t request, begin, end;
  };

  bool over() const;           // nothing is left to do
  std::size_t n_left() const;  // number of tokens left; a request without tokens counts as one
  /// The pieces that go into a pass with `n_free` free tokens. `piece` is the capacity of an empty
  /// pass.
  std::vector<Piece> next(std::size_t n_free, std::size_t piece) const;
  /// Stores what a pass has computed for a piece. The piece was request i of the pass.
  void absorb(const Piece&, std::size_t i, Rows&);
  /// Ends all requests with an error. Only the costs so far are kept.
  void fail(const Error&);
  /// Moves all results into `out`. The ends become references of the density d.
  Status hand_over(CausalDensity& d, Rows& out);

  PassCaller& caller;
  std::span<const Extend> requests{};
  std::vector<State> states{};
  std::function<Status()> alone{};  // work that runs by itself, instead of requests
  Status status{};                  // of the whole job
  Cost cost{};                      // cost of `alone`
  std::exception_ptr thrown{};      // exception thrown by `alone`

  bool done = false;  // guarded by the engine's lock
  std::condition_variable changed{};
};

}  // namespace ponder
