// The term of token strings that the tokenizer never emits. The tokenizer is passed as a function,
// since this folder does not depend on it. docs/methods.md#lengths.
#include <utility>

#include "ponder/energy/terms.h"

namespace ponder {

std::unique_ptr<Term> make_canonical_term(std::function<bool(ReplyTokens)> is_canonical,
                                          bool hard) {
  const double other = hard ? -std::numeric_limits<double>::infinity() : -1;
  const auto value = [is_canonical = std::move(is_canonical), other](ReplyTokens x) -> double {
    return is_canonical(x) ? 0 : other;
  };
  // A beginning that is not canonical may become canonical, since the tokenizer may join its end
  // with later text.
  return make_term("canonical", value, [other](ReplyTokens, int) -> TermRange {
    return {other, 0};
  });
}

}  // namespace ponder
