// A session on the toy model, for tests of sessions.
#pragma once

#include <memory>
#include <string>

#include "must.h"
#include "ponder/session.h"

namespace ponder::test {

/// A question that the toy model answers.
inline const Conversation kSum = Conversation::ask("What is the sum of 14 and 8?");

inline std::unique_ptr<Session> toy_session(Precision precision = Precision::kF32) {
  const auto text =
      must(TextModel::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/toy/ponder-toy.gguf"));
  return must(Session::open(text, {.model = {.precision = precision}}));
}

}  // namespace ponder::test
