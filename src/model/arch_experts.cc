// The numbers of a mixture of experts (Shazeer et al. 2017). Not the mixture itself, which engines
// compute.
#include "model/arch.h"

namespace ponder {

Status ArchReader::read_experts(Config& c) const {
  PONDER_TRY(read_int("expert_count", c.n_experts));
  PONDER_TRY(read_int("expert_used_count", c.n_experts_used));
  PONDER_TRY(read_int("expert_feed_forward_length", c.n_ff));
  PONDER_ASSIGN(c.softmax_of_used, bool_or("expert_weights_norm", true));
  const auto bad = [&](std::string_view k, const std::string& expected, int got) {
    return Error{Code::kInvalid, expected, std::to_string(got), file_.path() + ", " + key(k),
                 "the file may be corrupt"};
  };
  constexpr int kMost = 1 << 16;  // far above any known model
  if (c.n_experts < 1 || c.n_experts > kMost)
    return bad("expert_count", "1 to " + std::to_string(kMost) + " experts", c.n_experts);
  if (c.n_experts_used < 1 || c.n_experts_used > c.n_experts)
    return bad("expert_used_count",
               "1 to " + std::to_string(c.n_experts) + " experts that a row uses",
               c.n_experts_used);
  if (c.n_ff < 16 || c.n_ff % 16 != 0)
    return bad("expert_feed_forward_length", "a multiple of 16", c.n_ff);
  return {};
}

}  // namespace ponder
