// Token strings that no tokenizer emits. The tokenizer is behind a function: this folder does not see it.
// docs/methods.md#lengths.
#include <utility>

#include "ponder/terms.h"

namespace ponder {

std::unique_ptr<Term> make_canonical_term(std::function<bool(ReplyTokens)> is_canonical, bool hard) {
  return make_term("canonical", [is_canonical = std::move(is_canonical), hard](ReplyTokens x) -> double {
    if (is_canonical(x)) return 0;
    return hard ? -std::numeric_limits<double>::infinity() : -1;
  });
}

}  // namespace ponder
