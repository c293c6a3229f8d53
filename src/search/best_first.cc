// Best-first search with a certificate, METHODS 4.1: the frontier's largest log-probability bounds every reply
// that has not been seen, so the search is over when the best reply known is at least that.
#include <algorithm>
#include <array>
#include <cmath>

#include "search/clock.h"

namespace ponder {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// A prefix waiting to be expanded: `token` after expanded node `node`; or, with `skip` > 0, the children of `node`
// beyond the `skip` most likely ones. `bound` is at least the log-probability of every reply below it.
struct Entry {
  double bound;
  std::int32_t node;
  Token token;
  std::int32_t skip;
  std::int32_t order;  // ties: first come first
  bool operator<(const Entry& o) const { return bound != o.bound ? bound < o.bound : order > o.order; }
};
// An expanded prefix.
struct Node {
  std::int32_t parent;
  Token token;
  std::int32_t length;  // tokens of the reply
  double logprob;
  Prefix prefix;
};

class BestFirst {
 public:
  BestFirst(CausalDensity& d, const ReplyLaw& law, const BestFirstConfig& c, const Budget& b)
      : d_(d), law_(law), c_(c), clock_(d, b) {}
  ~BestFirst() {
    for (const Node& n : nodes_) d_.release(n.prefix);
  }
  Status run(Prefix context, std::span<const Reply> incumbents);
  BestFirstResult result() const;

 private:
  bool is_reply(const Reply&) const;
  void offer(Reply);
  double bar() const { return static_cast<int>(kept_.size()) < c_.n_best ? -kInf : kept_.back().logprob; }
  double top() const { return std::max(frontier_.empty() ? -kInf : frontier_.front().bound, dropped_); }
  void push(double bound, std::int32_t node, Token token, std::int32_t skip);
  std::vector<Entry> pop();
  Status expand(const std::vector<Entry>&);
  void take_children(std::int32_t node, const Row&, std::int32_t skip);
  std::vector<Token> tokens_of(std::int32_t node) const;
  void limit_frontier();

  CausalDensity& d_;
  const ReplyLaw& law_;
  const BestFirstConfig& c_;
  Clock clock_;
  std::vector<Node> nodes_;
  std::vector<Entry> frontier_;  // heap
  std::vector<Reply> kept_;      // best first
  double runner_up_ = -kInf;     // best reply seen and not kept
  double pruned_ = -kInf;        // largest bound of a child left out for good
  double dropped_ = -kInf;       // largest bound dropped for want of room
  double horizon_ = -kInf;       // largest unended prefix of horizon tokens (target ended)
  double seen_mass_ = 0;
  std::int64_t expanded_ = 0;
  std::int32_t order_ = 0;
};

bool BestFirst::is_reply(const Reply& r) const {
  const int n = static_cast<int>(r.tokens.size());
  if (n == 0 || n > law_.horizon()) return false;
  for (int t = 0; t < n; ++t) {
    const TokenMask* m = law_.mask(t);
    if (r.tokens[t] < 0 || r.tokens[t] >= d_.n_vocab() || (m && !(*m)[r.tokens[t]]) ||
        law_.closes(t, r.tokens[t]) != (t + 1 == n))
      return false;
  }
  return true;
}

void BestFirst::offer(Reply r) {
  for (const Reply& k : kept_)
    if (k.tokens == r.tokens) return;
  const auto at = std::upper_bound(kept_.begin(), kept_.end(), r,
                                   [](const Reply& a, const Reply& b) { return a.logprob > b.logprob; });
  kept_.insert(at, std::move(r));
  if (static_cast<int>(kept_.size()) > c_.n_best) {
    runner_up_ = std::max(runner_up_, kept_.back().logprob);
    kept_.pop_back();
  }
}

std::vector<Token> BestFirst::tokens_of(std::int32_t node) const {
  std::vector<Token> t;
  for (; node > 0; node = nodes_[node].parent) t.push_back(nodes_[node].token);
  std::reverse(t.begin(), t.end());
  return t;
}

void BestFirst::push(double bound, std::int32_t node, Token token, std::int32_t skip) {
  frontier_.push_back({bound, node, token, skip, order_++});
  std::push_heap(frontier_.begin(), frontier_.end());
}

// The most promising entries, at most a batch.
std::vector<Entry> BestFirst::pop() {
  std::vector<Entry> batch;
  while (!frontier_.empty() && frontier_.front().bound > bar() && static_cast<int>(batch.size()) < c_.batch) {
    std::pop_heap(frontier_.begin(), frontier_.end());
    batch.push_back(frontier_.back());
    frontier_.pop_back();
  }
  return batch;
}

void BestFirst::take_children(std::int32_t node, const Row& row, std::int32_t skip) {
  const double base = nodes_[node].logprob;
  const int t = nodes_[node].length;
  for (std::size_t i = skip; i < row.list.size(); ++i) {
    const TokenProb& v = row.list[i];
    const double f = base + v.logprob;
    if (law_.closes(t, v.token)) {
      std::vector<Token> tokens = tokens_of(node);
      tokens.push_back(v.token);
      seen_mass_ += std::exp(f);
      offer({std::move(tokens), f, law_.is_end(v.token)});
    } else if (law_.extends(t + 1)) {
      if (f > bar())
        push(f, node, v.token, 0);
      else
        pruned_ = std::max(pruned_, f);
    } else {
      horizon_ = std::max(horizon_, f);
    }
  }
  const double rest = base + row.next_logprob;
  const auto taken = static_cast<std::int32_t>(std::max<std::size_t>(row.list.size(), skip));
  if (rest > bar())
    push(rest, node, -1, taken);
  else
    pruned_ = std::max(pruned_, rest);
}

Status BestFirst::expand(const std::vector<Entry>& batch) {
  std::vector<Extend> requests;
  std::vector<const TokenMask*> masks(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Entry& e = batch[i];
    const Node& n = nodes_[e.node];
    const bool rest = e.skip > 0;
    masks[i] = law_.mask(n.length + (rest ? 0 : 1));
    const double base = rest ? n.logprob : e.bound;
    const int most = rest ? static_cast<int>(std::min<std::int64_t>(4ll * e.skip, d_.n_vocab())) : c_.max_children;
    // A list may stop at the bar: what lies below it can never be needed, since the bar only rises.
    const Draw draw{.kind = Draw::Kind::kList, .bound = bar() - base, .max_items = most};
    requests.push_back({.parent = n.prefix,
                        .tokens = std::span(&e.token, rest ? 0 : 1),
                        .rows = RowSet::kLast,
                        .needs = {.draw = draw},
                        .masks = {&masks[i], 1}});
  }
  Rows rows;
  PONDER_TRY(d_.extend(requests, rows));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Entry& e = batch[i];
    std::int32_t node = e.node;
    if (e.skip > 0) {
      d_.release(rows.end[i]);
    } else {
      nodes_.push_back({e.node, e.token, nodes_[e.node].length + 1, e.bound, rows.end[i]});
      node = static_cast<std::int32_t>(nodes_.size()) - 1;
      ++expanded_;
    }
    take_children(node, rows.rows[i], e.skip);
  }
  return {};
}

void BestFirst::limit_frontier() {
  if (static_cast<std::int64_t>(frontier_.size()) <= c_.max_frontier) return;
  const auto keep = static_cast<std::ptrdiff_t>(std::max<std::int64_t>(c_.max_frontier / 2, 1));
  std::nth_element(frontier_.begin(), frontier_.begin() + keep, frontier_.end(),
                   [](const Entry& a, const Entry& b) { return b < a; });
  for (auto it = frontier_.begin() + keep; it != frontier_.end(); ++it) dropped_ = std::max(dropped_, it->bound);
  frontier_.resize(keep);
  std::make_heap(frontier_.begin(), frontier_.end());
}

Status BestFirst::run(Prefix context, std::span<const Reply> incumbents) {
  for (const Reply& r : incumbents)
    if (is_reply(r)) offer(r);
  d_.retain(context);
  nodes_.push_back({-1, -1, 0, 0, context});
  frontier_.push_back({0, 0, -1, 0, order_++});
  bool root = true;
  for (int round = 0; !frontier_.empty() && frontier_.front().bound > bar() && !clock_.over(); ++round) {
    if (root) {  // the context is fed already: only its row is asked for
      const TokenMask* mask = law_.mask(0);
      const Extend e{.parent = context,
                     .rows = RowSet::kLast,
                     .needs = {.draw = {.kind = Draw::Kind::kList, .bound = bar(), .max_items = c_.max_children}},
                     .masks = {&mask, 1}};
      Rows rows;
      PONDER_TRY(d_.extend({&e, 1}, rows));
      d_.release(rows.end[0]);
      frontier_.clear();
      ++expanded_;
      take_children(0, rows.rows[0], 0);
      root = false;
      continue;
    }
    const std::vector<Entry> batch = pop();
    if (Status s = expand(batch); !s.ok()) {
      for (const Entry& e : batch) push(e.bound, e.node, e.token, e.skip);
      if (s.error().code != Code::kResource || expanded_ == 0) return s;
      return {};  // out of room: what is known stands, with its gap
    }
    limit_frontier();
    if (c_.progress && round % 16 == 0 && !kept_.empty()) c_.progress(kept_[0], result().certificate);
  }
  return {};
}

BestFirstResult BestFirst::result() const {
  BestFirstResult r{kept_, {}};
  Certificate& c = r.certificate;
  c.horizon = law_.horizon();
  c.expanded = expanded_;
  for (const Reply& k : kept_) c.mass_kept += std::exp(k.logprob);
  c.mass_left = std::clamp(1 - seen_mass_, 0., 1.);
  c.claim = law_.target() == Target::kTruncated ? Certificate::Claim::kTruncated
            : law_.target() == Target::kFixed   ? Certificate::Claim::kFixed
                                                : Certificate::Claim::kEndedWithinHorizon;
  if (kept_.empty()) return r;  // nothing known: no claim
  const double worst = kept_.back().logprob;
  const bool proved = top() <= bar();
  c.status = proved ? Certificate::Status::kOptimal : Certificate::Status::kGap;
  c.gap = proved ? 0 : std::max(0., top() - worst);
  double others = std::max({runner_up_, pruned_, top()});
  if (law_.target() == Target::kEnded && proved && worst >= horizon_) {
    c.claim = Certificate::Claim::kAnyLength;
    others = std::max(others, horizon_);
  }
  c.margin = worst - others;
  return r;
}

}  // namespace

std::string_view to_string(Certificate::Status s) {
  constexpr std::array<std::string_view, 3> kNames{"none", "gap", "optimal"};
  return kNames[static_cast<std::size_t>(s)];
}
std::string_view to_string(Certificate::Claim c) {
  constexpr std::array<std::string_view, 4> kNames{"any-length", "ended-within-horizon", "truncated", "fixed"};
  return kNames[static_cast<std::size_t>(c)];
}

Result<BestFirstResult> best_first(CausalDensity& d, Prefix context, const ReplyLaw& law, const BestFirstConfig& c,
                                   std::span<const Reply> incumbents, const Budget& budget) {
  if (c.n_best < 1 || c.batch < 1 || c.max_children < 1 || c.max_frontier < 1)
    return Error{Code::kInvalid, "n_best, batch, max_children and max_frontier of at least 1", "less",
                 "best-first search", ""};
  BestFirst search(d, law, c, budget);
  PONDER_TRY(search.run(context, incumbents));
  return search.result();
}

}  // namespace ponder
