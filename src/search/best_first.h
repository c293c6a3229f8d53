// Best-first search that can be taken up again: its frontier stays between runs, so that what other
// methods find in the meantime only raises the bar. The one-off call is best_first
// (ponder/search/search.h).
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "search/frontier.h"
#include "search/kept_replies.h"

namespace ponder {

class BestFirst {
 public:
  /// The density and the law must outlive it. Errors: kInvalid (a setting out of range).
  static Result<std::unique_ptr<BestFirst>> make(CausalDensity&, const PrefixRef& context,
                                                 const ReplyLaw&, const BestFirstConfig&);
  /// Goes on until the proof or the budget's end. `incumbents`: replies found elsewhere;
  /// `progress`: called now and then, may be empty. Errors: the density's, but for a lack of room,
  /// which ends the run.
  using Progress = std::function<void(const Reply& best, const Certificate&)>;
  Status run(std::span<const Reply> incumbents, const Budget&, const Progress& progress);
  BestFirstResult result() const;

 private:
  using Entry = Frontier::Entry;
  static constexpr double kNone = -std::numeric_limits<double>::infinity();
  BestFirst(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
            const BestFirstConfig& c)
      : d_(d),
        law_(law),
        c_(c),
        kept_(law, c_),
        frontier_(context, c.max_frontier),
        batch_limit_(c.batch) {
    frontier_.push({.bound = ahead(0)});
  }
  double top() const;
  double ahead(Frontier::Index, Token = -1) const;
  double terms_ahead(Frontier::Index, Token, int n_most) const;
  bool matters(const Entry& e) const { return e.bound > kept_.floor(frontier_.length(e)); }
  void pop_batch();
  Status expand_batch();
  Status ask(Rows&);
  void take_row(const Entry&, PrefixRef end, const Row&);
  void take_child(Frontier::Index, const TokenProb&);
  void keep_or_prune(Entry);
  void put_back();
  Certificate::Claim claim(bool proved) const;
  void report_lengths(BestFirstResult&) const;

  CausalDensity& d_;
  const ReplyLaw& law_;
  const BestFirstConfig c_;
  KeptReplies kept_;
  Frontier frontier_;
  std::vector<Entry> batch_;        // popped, and not expanded yet
  std::optional<Reply> shorter_{};  // the most likely closed string seen that is too short to count
  int batch_limit_;                 // what memory for keys and values has allowed so far
  bool no_room_ = false;
  double pruned_ = kNone;  // largest bound left out for good
  double horizon_ =
      kNone;  // most that a reply beyond the horizon (target ended) can be worth, by prefix
  double seen_mass_ = 0;
  std::int64_t expanded_ = 0;
};

}  // namespace ponder
