// A prompt in the engine, read on the clock of a budget: what a search may spend is what reading the prompt has left.
#pragma once

#include "search/clock.h"
#include "session.h"

namespace ponder::app {

class Prefill {
 public:
  /// The engine must outlive it. Fails (Failure) as the engine does.
  Prefill(Engine&, const std::vector<Token>& prompt, const Budget&);
  ~Prefill() { engine_.density->drop_context(k_); }
  Prefill(const Prefill&) = delete;
  Prefill& operator=(const Prefill&) = delete;

  Prefix context() const { return engine_.density->context(k_); }
  Budget rest() const { return clock_.rest(); }  // of the budget, by now
  /// Spent since before the prompt.
  Cost cost() const { return clock_.cost(); }
  double seconds() const { return clock_.seconds(); }

 private:
  Engine& engine_;
  Budget budget_;
  Clock clock_;
  int k_;
};

}  // namespace ponder::app
