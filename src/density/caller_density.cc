// CallerDensity: checks a request before it is queued, so that nobody waits for a request that is
// wrong, and collects the results.
#include "density/caller_density.h"

#include "law/requests.h"
#include "ponder/density/gradient.h"

namespace ponder {

CallerDensity::CallerDensity(std::shared_ptr<PassEngine> engine, const CallerOptions& o)
    : ForwardingDensity(engine->density()), engine_(std::move(engine)), failed_(o.failed) {
  caller_.stop = o.stop;
  engine_->enter(caller_);
}

PrefixRef CallerDensity::shared_context(std::span<const Token> prompt) {
  return PrefixRef::share(*this, density_.shared_context(prompt).get());
}

Status CallerDensity::extend(std::span<const Extend> requests, Rows& out) {
  PassJob job(caller_, requests);
  for (std::size_t r = 0; r < requests.size(); ++r) {
    job.states[r].status = check_request(*this, requests[r], requests[r].parent.depth());
    job.states[r].over = !job.states[r].status.ok();
  }
  if (!job.over()) engine_->run(job);
  Status status = job.hand_over(*this, out);
  cost_ += out.total_cost();
  return noted(std::move(status));
}

Status CallerDensity::noted(Status s) {
  if (failed_ && !s.ok() && s.error().code == Code::kCancelled && !caller_.cancelled())
    *failed_ = true;
  return s;
}

Status CallerDensity::value_and_grad(std::span<const SoftReply> replies, const Objective& objective,
                                     const GradientOptions& options,
                                     std::vector<ReplyGradient>& out) {
  PassJob job(caller_, [&] { return density_.value_and_grad(replies, objective, options, out); });
  engine_->run(job);
  cost_ += job.cost;
  if (job.thrown) std::rethrow_exception(job.thrown);
  return noted(job.status);
}

}  // namespace ponder
