// Sorted insertion, and the bars that follow from the kept replies.
#include "search/kept_replies.h"

#include <algorithm>

namespace ponder {

KeptReplies::KeptReplies(const ReplyLaw& law, const BestFirstConfig& c)
    : config_(c),
      n_best_(static_cast<std::size_t>(c.n_best)),
      per_length_(c.per_length),
      slack_(c.slack) {
  const int horizon = law.horizon();
  possible_.assign(horizon + 1, false);
  for (int n = law.target() == Target::kFixed ? horizon
                                              : std::max({1, law.min_length(), law.shortest()});
       n <= horizon; ++n)
    possible_[n] = true;
  const auto prior = [&c](int n) { return c.length_prior.empty() ? 0 : c.length_prior[n]; };
  ahead_.assign(horizon + 1, -kInf);
  for (int t = horizon; t-- > 0;)
    ahead_[t] = std::max(ahead_[t + 1], possible_[t + 1] ? prior(t + 1) : -kInf);
  if (per_length_) bars_.assign(horizon + 1, -kInf);
}

void KeptReplies::offer_by_length(Reply r) {
  const auto at = std::lower_bound(
      kept_.begin(), kept_.end(), r,
      [](const Reply& a, const Reply& b) { return a.tokens.size() < b.tokens.size(); });
  if (at == kept_.end() || at->tokens.size() != r.tokens.size())
    kept_.insert(at, std::move(r));
  else if (at->logprob < r.logprob)
    *at = std::move(r);
  std::vector<double> best(bars_.size(), -kInf);
  for (const Reply& k : kept_) best[k.tokens.size()] = k.logprob;
  // A prefix may lead to any longer length, so the smallest of their bars counts.
  bars_.back() = kInf;
  for (std::size_t n = bars_.size(); n-- > 1;)
    bars_[n - 1] = possible_[n] ? std::min(bars_[n], best[n]) : bars_[n];
}

void KeptReplies::offer(Reply r) {
  if (per_length_) return offer_by_length(std::move(r));
  if (worth(r) == -kInf) return;
  if (std::any_of(kept_.begin(), kept_.end(), [&](const Reply& k) { return k.tokens == r.tokens; }))
    return;
  const auto better = [&](const Reply& a, const Reply& b) { return worth(a) > worth(b); };
  kept_.insert(std::upper_bound(kept_.begin(), kept_.end(), r, better), std::move(r));
  if (kept_.size() > n_best_) {
    Reply out = std::move(kept_.back());
    kept_.pop_back();
    best_not_kept_ = std::max(best_not_kept_, worth(out));
    bar_ = worth(kept_.back());
    if (worth(out) > bar_ - slack_) rivals_.push_back(std::move(out));
  } else if (kept_.size() == n_best_) {
    bar_ = worth(kept_.back());
  }
}

std::vector<Reply> KeptReplies::rivals() const {
  std::vector<Reply> out;
  for (const Reply& r : rivals_)
    if (worth(r) > bar_ - slack_ && std::find_if(out.begin(), out.end(), [&](const Reply& o) {
                                      return o.tokens == r.tokens;
                                    }) == out.end())
      out.push_back(r);
  return out;
}

}  // namespace ponder
