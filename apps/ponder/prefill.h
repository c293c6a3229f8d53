// A prompt in the engine, read on the clock of a budget: what a search may spend is what reading the prompt has left.
#pragma once

#include "search/clock.h"
#include "session.h"

namespace ponder::app {

class Prefill {
 public:
  /// The engine must outlive it. Fails (Failure) as the engine does.
  Prefill(Engine&, const std::vector<Token>& prompt, const Budget&);

  const PrefixRef& context() const { return context_; }
  Budget rest() const { return clock_.rest(); }  // of the budget, by now
  /// Spent since before the prompt.
  Cost cost() const { return clock_.cost(); }
  double seconds() const { return clock_.seconds(); }

 private:
  Budget budget_;
  Clock clock_;
  PrefixRef context_;
};

}  // namespace ponder::app
