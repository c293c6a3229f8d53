// A prompt read on the clock of a budget: what a search may spend is what reading the prompt has
// left.
#pragma once

#include <chrono>

#include "ponder/session.h"
#include "search/clock.h"

namespace ponder {

class Prefill {
 public:
  /// Starts the clock. The session and the budget must outlive it.
  Prefill(Session& s, const Budget& b) : session_(s), clock_(s.density(), b) {}
  /// Reads the prompt; the node is kept.
  Status read(std::span<const Token> prompt) {
    PONDER_ASSIGN(context_, session_.density().add_context(prompt));
    return {};
  }
  const PrefixRef& context() const { return context_; }
  Budget rest() const { return clock_.rest(); }  // of the budget, by now
  const Clock& clock() const { return clock_; }

 private:
  Session& session_;
  Clock clock_;
  PrefixRef context_;
};

}  // namespace ponder
