// PassJob: what one caller waits for, a batch of requests on its way through several passes, or
// work that runs by itself. Which pieces go into which pass is decided here, when and with whose in
// pass_engine.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <span>
#include <vector>

#include "ponder/density/density.h"

namespace ponder {

/// What the engine knows of a caller.
struct PassCaller {
  int account = 0;                          // of its nodes
  const std::atomic<bool>* stop = nullptr;  // may be null
  bool expected = false;  // it took part in a pass and has not asked for anything since
  bool cancelled() const { return stop && stop->load(std::memory_order_relaxed); }
};

/// Tokens [begin, end) of a request, as one that goes on at the node `at`. The rows and the costs
/// of all pieces, of two tokens or more each, are those of the whole: a piece that is not the last
/// asks for its targets' rows at most, so that its last token, when a row comes after it, is fed
/// and counted by the next.
Extend piece_of(const Extend&, const PrefixRef& at, std::size_t begin, std::size_t end);

/// Threads: its caller's before it is handed over and after it is done, else the engine's.
struct PassJob {
  PassJob(PassCaller& c, std::span<const Extend> batch)
      : caller(c), requests(batch), states(batch.size()) {}
  PassJob(PassCaller& c, std::function<Status()> work) : caller(c), alone(std::move(work)) {}

  struct State {
    std::size_t n_fed = 0;  // tokens behind it
    bool over = false;
    PrefixRef at{};  // the node after them, of the density below
    std::vector<Row> rows{};
    Cost cost{};
    Status status{};
  };
  /// The part of a pass: tokens [begin, end) of a request.
  struct Piece {
    std::size_t request, begin, end;
  };

  bool over() const;           // nothing is left to do
  std::size_t n_left() const;  // tokens, a request without any being one
  /// What goes into a pass with room for `room` tokens, `piece` being the room of an empty one.
  std::vector<Piece> next(std::size_t room, std::size_t piece) const;
  /// Takes over what a pass has made of a piece, which was its request i.
  void absorb(const Piece&, std::size_t i, Rows&);
  /// The error of all requests; nothing of the batch is left but what it has cost.
  void fail(const Error&);
  /// Everything into `out`, with ends of the density `d`.
  Status hand_over(CausalDensity& d, Rows& out);

  PassCaller& caller;
  std::span<const Extend> requests{};
  std::vector<State> states{};
  std::function<Status()> alone{};  // instead of requests
  Status status{};                  // of the whole
  Cost cost{};                      // of work that runs by itself
  std::exception_ptr thrown{};      // by such work

  bool done = false;  // with the engine's lock
  std::condition_variable changed{};
};

}  // namespace ponder
