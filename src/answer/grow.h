// One token more of a reply: what it decides. All that enumerations and draws without replacement
// know of answer maps and of where replies end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ponder/answer/posterior.h"

namespace ponder {

/// The beginning of a reply, or a whole one.
struct GrownPrefix {
  std::vector<Token> tokens{};  // its end token included, where it has one
  // Nothing below it needs to be looked at: it is whole, has decided its answer, or was cut at the
  // horizon.
  bool closed = false;
  std::optional<std::string> answer{};  // of a closed one; none: no answer, or cut before it
};
GrownPrefix grow(const ReplyLaw&, const PrefixMap&, const Spell&, const std::vector<Token>& begin,
                 Token);

}  // namespace ponder
