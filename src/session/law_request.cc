// LawRequest: makes the law from the requested target and lengths.
#include <algorithm>

#include "ponder/session/common.h"

namespace ponder {

Result<ReplyLaw> LawRequest::law(int usual, std::size_t n_prompt, const CausalDensity& d) const {
  if (target == Target::kFixed && length == 0)
    return Error{Code::kInvalid, "--length N with --target fixed", "no --length", "command line",
                 "say how many tokens a reply has"};
  if (target != Target::kFixed && length != 0)
    return Error{Code::kInvalid, "--length only with --target fixed",
                 "--target " + std::string(to_string(target)), "command line", "use --max-length"};
  const int asked = length ? length : max_length, n_free = d.n_ctx() - static_cast<int>(n_prompt);
  if (n_free < 1 || asked > n_free)
    return Error{Code::kInvalid,
                 "a prompt and reply of at most " + std::to_string(d.n_ctx()) + " tokens",
                 std::to_string(n_prompt) + " of prompt and " + std::to_string(std::max(asked, 1)) +
                     " of reply",
                 "context", "shorten them, or raise -c/--ctx-size"};
  const ReplyLawConfig c{.target = target,
                         .horizon = asked ? asked : std::min(usual, n_free),
                         .min_length = min_length,
                         .allowed = allowed};
  return ReplyLaw::make(c, d.n_vocab(), d.end_tokens());
}

}  // namespace ponder
