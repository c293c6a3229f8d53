// KeptReplies: the K most likely replies seen, or the most likely of each length, and the bar that
// a prefix must exceed to lead to a better one. Not the search.
#pragma once

#include <vector>

#include "base/infinity.h"

#include "ponder/search/search.h"

namespace ponder {

class KeptReplies {
 public:
  /// The configuration must outlive the object.
  KeptReplies(const ReplyLaw&, const BestFirstConfig&);
  /// A reply that a term forbids is not kept.
  void offer(Reply);
  double worth(const Reply& r) const { return ponder::worth(config_, r); }
  /// Upper bound of the prior of a reply of more than t tokens.
  double ahead(int t) const { return ahead_[t]; }
  /// A reply of more than t tokens is kept if its worth exceeds this bar; -inf while there is room
  /// for more replies.
  double bar(int t) const { return per_length_ ? bars_[t] : bar_; }
  /// The bar minus the slack: replies that do not exceed it are ignored.
  double floor(int t) const { return bar(t) - slack_; }

  const std::vector<Reply>& replies() const {
    return kept_;
  }  // worth most first; per length: shortest first
  std::vector<Reply> rivals() const;
  double best_not_kept() const { return best_not_kept_; }

 private:
  void offer_by_length(Reply);

  const BestFirstConfig& config_;
  std::vector<double> ahead_;  // (horizon + 1)
  std::size_t n_best_;
  bool per_length_;
  double slack_;
  std::vector<Reply> kept_, rivals_;
  std::vector<bool> possible_;  // (horizon + 1): lengths of replies
  std::vector<double> bars_;    // (horizon + 1): per length
  double bar_ = -kInf, best_not_kept_ = -kInf;
};

}  // namespace ponder
