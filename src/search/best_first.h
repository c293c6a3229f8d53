// Best-first search that can be continued: its frontier stays between runs, and replies that other
// methods find in the meantime only raise the bar. The call for a single run is best_first
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
  /// The density and the law must outlive the search. Errors: kInvalid (a setting out of range).
  static Result<std::unique_ptr<BestFirst>> make(CausalDensity&, const PrefixRef& context,
                                                 const ReplyLaw&, const BestFirstConfig&);
  /// Runs until the proof or the budget's end. `incumbents`: replies found elsewhere; `progress`:
  /// called from time to time, may be empty. Errors: those of the density, except for a lack of
  /// room, which ends the run.
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
  Certificate::Claim claim(bool proved) const;
  void report_lengths(BestFirstResult&) const;

  CausalDensity& d_;
  const ReplyLaw& law_;
  const BestFirstConfig c_;
  KeptReplies kept_;
  Frontier frontier_;
  std::vector<Entry> batch_;        // popped, and not expanded yet
  std::optional<Reply> shorter_{};  // the most likely closed string seen that is too short to count
  int batch_limit_;                 // Frontier::put_back
  double pruned_ = kNone;           // largest bound of the prefixes that were left out
  // largest worth of a reply beyond the horizon (target ended), by its prefix
  double horizon_ = kNone;
  double seen_mass_ = 0;
  std::int64_t expanded_ = 0;
};

}  // namespace ponder
