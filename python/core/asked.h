// What requests from Python have in common.
#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "model.h"
#include "terms.h"

namespace ponder::python {

/// What ids of requests are below.
inline int n_vocab(const Model& m) { return m.opened()->text().tokenizer().n_vocab(); }

/// A text that Python gives without a chat template is meant so.
inline PromptRequest intended(PromptRequest prompt) {
  if (auto* raw = std::get_if<RawText>(&prompt)) raw->intended = true;
  return prompt;
}
template <class Request>
Request intended(Request r) {
  r.prompt = intended(std::move(r.prompt));
  return r;
}

/// A call whose request has a budget: asked to finish, it has an answer.
template <class Request, class Ask>
auto call_keeping(Model& m, Request& r, const Ask& ask) {
  return m.call(true, [&](Session& s, Flags& flags) {
    r.budget.stop = &flags.finish;
    return ask(s);
  });
}
/// The same with terms that are written in Python; `ask` sees whether one has raised.
template <class Request, class Ask>
auto call_keeping(Model& m, Request& r, const Ask& ask, const std::vector<TermTuple>& terms) {
  return m.call(true, [&](Session& s, Flags& flags) {
    r.budget.stop = &flags.finish;
    r.terms.given = given_terms(terms, flags);
    return ask(s, flags);
  });
}

}  // namespace ponder::python
