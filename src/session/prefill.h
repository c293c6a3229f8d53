// Prefill: reads a prompt on the clock of a budget, so that a search may spend only the rest.
#pragma once

#include <chrono>

#include "ponder/session.h"
#include "search/clock.h"

namespace ponder {

class Prefill {
 public:
  /// Starts the clock. The session and the budget must outlive the Prefill.
  Prefill(Session& s, const Budget& b) : session_(s), clock_(s.density(), b) {}
  /// Reads the prompt and keeps its node, context().
  Status read(std::span<const Token> prompt) {
    PONDER_ASSIGN(context_, session_.density().add_context(prompt));
    return {};
  }
  const PrefixRef& context() const { return context_; }
  Budget rest() const { return clock_.rest(); }  // the part of the budget that is left now
  const Clock& clock() const { return clock_; }

 private:
  Session& session_;
  Clock clock_;
  PrefixRef context_;
};

}  // namespace ponder
