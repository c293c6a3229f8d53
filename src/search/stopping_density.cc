// The two calls that do work.
#include "search/stopping_density.h"

#include "ponder/density/gradient.h"

namespace ponder {
namespace {

Error spent() {
  return {Code::kCancelled, "a budget with something left", "a spent one", "search", ""};
}

}  // namespace

Status StoppingDensity::extend(std::span<const Extend> requests, Rows& out) {
  if (over()) return out.fail(requests.size(), spent());
  return density_.extend(requests, out);
}

Status StoppingDensity::value_and_grad(std::span<const SoftReply> replies,
                                       const Objective& objective, const GradientOptions& options,
                                       std::vector<ReplyGradient>& out) {
  if (over()) return spent();
  return density_.value_and_grad(replies, objective, options, out);
}

}  // namespace ponder
