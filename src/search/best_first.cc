// Best-first search with a certificate, docs/methods.md#best-first: the frontier's largest bound
// holds for every unseen reply, so the search is over when the worst kept reply is worth at least
// that bound. frontier.h has the heap, kept_replies.h the results.
#include <algorithm>
#include <array>
#include <cmath>
#include <new>

#include "base/infinity.h"
#include "ponder/energy/energy.h"
#include "search/best_first.h"
#include "search/clock.h"
#include "search/worth.h"

namespace ponder {
namespace {}  // namespace

double BestFirst::top() const {
  return std::max(frontier_.empty() ? -kInf : frontier_.top().bound, frontier_.dropped());
}

// Takes the most promising entries. A large batch is expanded faster, but some of its entries would
// be unnecessary if the others were expanded first, so a batch is a small share of all expansions
// so far.
void BestFirst::pop_batch() {
  constexpr std::int64_t kSmallest = 8, kShare = 8;
  const auto most = std::min<std::int64_t>(batch_limit_, std::max(kSmallest, expanded_ / kShare));
  while (!frontier_.empty() && static_cast<std::int64_t>(batch_.size()) < most) {
    const Entry e = frontier_.pop();
    if (matters(e)) {
      batch_.push_back(e);
    } else {
      pruned_ = std::max(pruned_, e.bound);
      frontier_.release(e.node);
    }
    if (!c_.per_length && !frontier_.empty() && !matters(frontier_.top()))
      break;  // the entries below it are no better
  }
}

void BestFirst::keep_or_prune(Entry e) {
  if (matters(e))
    frontier_.push(e);
  else
    pruned_ = std::max(pruned_, e.bound);
}

// Upper bound of the terms of a reply of at most n_most tokens that goes on after a node, or after
// a token that follows it.
double BestFirst::terms_ahead(Frontier::Index node, Token v, int n_most) const {
  if (c_.terms.empty()) return 0;
  std::vector<Token> begin = frontier_.tokens(node);
  if (v >= 0) begin.push_back(v);
  return most_of_terms(c_.terms, begin, n_most);
}

// Upper bound of the prior and the terms of such a reply of the law.
double BestFirst::ahead(Frontier::Index node, Token v) const {
  return kept_.ahead(frontier_.node(node).length + (v >= 0 ? 1 : 0)) +
         terms_ahead(node, v, law_.horizon());
}

void BestFirst::take_child(Frontier::Index node, const TokenProb& v) {
  const Frontier::Node& n = frontier_.node(node);
  const int t = n.length;
  const double f = n.logprob + v.logprob;
  if (law_.closes(t, v.token)) {
    std::vector<Token> tokens = frontier_.tokens(node);
    tokens.push_back(v.token);
    seen_mass_ += std::exp(f);
    Reply r{std::move(tokens), f, law_.is_end(v.token)};
    if (law_.counts(r.tokens.size()))
      kept_.offer(std::move(r));
    else if (!shorter_ || f > shorter_->logprob)
      shorter_ = std::move(r);
  } else if (law_.extends(t + 1)) {
    keep_or_prune(
        {.bound = f + ahead(node, v.token), .logprob = f, .node = node, .token = v.token});
  } else {
    horizon_ = std::max(horizon_, f + terms_ahead(node, v.token, std::numeric_limits<int>::max()));
  }
}

void BestFirst::take_row(const Entry& e, PrefixRef end, const Row& row) {
  const bool fed = e.token >= 0;
  const Frontier::Index node =
      fed ? frontier_.add(e.node, e.token, e.logprob, std::move(end)) : e.node;
  expanded_ += fed || e.skip == 0;
  for (std::size_t i = e.skip; i < row.list.size(); ++i) take_child(node, row.list[i]);
  if (row.next_logprob > -kInf) {
    const Frontier::Node& n = frontier_.node(node);
    const double f = n.logprob + row.next_logprob;
    const int taken = std::max(static_cast<int>(row.list.size()), e.skip);
    keep_or_prune({.bound = f + ahead(node), .logprob = f, .node = node, .skip = taken});
  }
  if (fed) frontier_.release(node);
  frontier_.release(e.node);
}

Status BestFirst::ask(Rows& rows) {
  std::vector<Extend> requests;
  for (const Entry& e : batch_) {
    const Frontier::Node& n = frontier_.node(e.node);
    const bool fed = e.token >= 0;
    const int t = frontier_.length(e);
    // A list may stop at the floor: tokens below it are never needed, since the bar only rises. The
    // small addition covers rounding.
    const double still = e.bound - e.logprob;  // the bound on prior and terms
    const double bound = kept_.floor(t) - still - (fed ? e.logprob : n.logprob) - 1e-9;
    const auto most =
        std::min<std::int64_t>(std::max<std::int64_t>(4ll * e.skip, c_.max_children), d_.n_vocab());
    const Draw draw{.kind = Draw::Kind::kList, .bound = bound, .max_items = static_cast<int>(most)};
    requests.push_back({.parent = n.prefix,
                        .tokens = std::span(&e.token, fed ? 1 : 0),
                        .rows = RowSet::kLast,
                        .needs = {.draw = draw},
                        .masks = {law_.mask(t)}});
  }
  return d_.extend(requests, rows);
}

Status BestFirst::expand_batch() {
  Rows rows;
  std::size_t i = 0;
  try {
    if (Status s = ask(rows); !s.ok()) return frontier_.put_back(batch_, batch_limit_, s);
    for (; i < batch_.size(); ++i) take_row(batch_[i], std::move(rows.end[i]), rows.rows[i]);
  } catch (const std::bad_alloc&) {  // the bounds of the other entries stay valid
    batch_limit_ = 0;
    for (std::size_t k = i; k < batch_.size(); ++k) frontier_.drop(batch_[k].bound);
  }
  batch_.clear();
  return {};
}

Status BestFirst::run(std::span<const Reply> incumbents, const Budget& budget,
                      const Progress& progress) {
  const Clock clock(d_, budget);
  for (const Reply& r : incumbents)
    if (law_.is_reply(r.tokens)) kept_.offer(r);
  batch_limit_ = c_.batch;
  double told = -kInf;
  for (int round = 0; batch_limit_ > 0 && !clock.over(); ++round) {
    pop_batch();
    if (batch_.empty()) break;
    PONDER_TRY(expand_batch());
    frontier_.limit([this](const Entry& e) {
      if (matters(e)) return false;
      pruned_ = std::max(pruned_, e.bound);
      return true;
    });
    if (!progress || kept_.replies().empty()) continue;
    double best = -kInf;
    for (const Reply& r : kept_.replies()) best = std::max(best, kept_.worth(r));
    if (round % 16 != 0 && !(best > told)) continue;
    told = std::max(told, best);
    const BestFirstResult now = result();
    progress(now.replies[0], now.certificate);
  }
  return {};
}

Certificate::Claim BestFirst::claim(bool proved) const {
  using Claim = Certificate::Claim;
  if (law_.target() == Target::kTruncated) return Claim::kTruncated;
  if (law_.target() == Target::kFixed) return Claim::kFixed;
  // The prior of lengths beyond the horizon is unknown.
  const bool any =
      proved && c_.length_prior.empty() && !c_.per_length && horizon_ <= kept_.floor(0);
  return any ? Claim::kAnyLength : Claim::kEndedWithinHorizon;
}

void BestFirst::report_lengths(BestFirstResult& r) const {
  // largest bound of a prefix of up to t tokens
  std::vector<double> open(law_.horizon() + 1, frontier_.dropped());
  for (const Entry& e : frontier_.entries()) {
    double& o = open[frontier_.length(e)];
    o = std::max(o, e.bound);
  }
  for (std::size_t t = 1; t < open.size(); ++t) open[t] = std::max(open[t], open[t - 1]);
  for (const Reply& k : kept_.replies())
    r.per_length.push_back({k, std::max(0., open[k.tokens.size() - 1] - k.logprob)});
  std::stable_sort(r.replies.begin(), r.replies.end(),
                   [](const Reply& a, const Reply& b) { return a.logprob > b.logprob; });
  if (!r.replies.empty()) r.replies.resize(1);
}

BestFirstResult BestFirst::result() const {
  BestFirstResult r;
  r.replies = kept_.replies();
  r.shorter = shorter_;
  Certificate& c = r.certificate;
  c.horizon = law_.horizon();
  c.shortest = law_.shortest();
  c.expanded = expanded_;
  c.frontier = static_cast<std::int64_t>(frontier_.entries().size());
  c.mass_left = std::clamp(1 - seen_mass_, 0., 1.);
  if (c_.per_length) report_lengths(r);
  for (const Reply& k : r.replies) c.mass_kept += std::exp(k.logprob);
  c.claim = claim(false);
  c.bound = top();
  if (r.replies.empty()) return r;  // no known reply: no claim
  const double worst = kept_.worth(r.replies.back());
  const bool full = c_.per_length || static_cast<int>(r.replies.size()) == c_.n_best,
             proved = top() <= (full ? worst : -kInf);
  c.status = proved ? Certificate::Status::kOptimal : Certificate::Status::kGap;
  c.gap = proved ? 0 : std::max(0., top() - worst);
  c.claim = claim(proved);
  if (proved) c.bound = c_.per_length ? worst : std::max({kept_.best_not_kept(), pruned_, top()});
  if (c.claim == Certificate::Claim::kAnyLength) c.bound = std::max(c.bound, horizon_);
  c.margin = worst - c.bound;
  if (proved) r.rivals = kept_.rivals();
  const bool seen_all = top() <= worst - c_.slack;
  c.tie = !proved || (seen_all && r.rivals.empty()) ? 0 : c_.slack;
  return r;
}

std::string_view to_string(Certificate::Status s) {
  constexpr std::array<std::string_view, 3> kNames{"none", "gap", "optimal"};
  return kNames[static_cast<std::size_t>(s)];
}
std::string_view to_string(Certificate::Claim c) {
  constexpr std::array<std::string_view, 4> kNames{"any-length", "ended-within-horizon",
                                                   "truncated", "fixed"};
  return kNames[static_cast<std::size_t>(c)];
}

Result<std::unique_ptr<BestFirst>> BestFirst::make(CausalDensity& d, const PrefixRef& context,
                                                   const ReplyLaw& law, const BestFirstConfig& c) {
  const auto bad = [](const std::string& expected, const std::string& got) {
    return Error{Code::kInvalid, expected, got, "best-first search", ""};
  };
  if (c.n_best < 1 || c.batch < 1 || c.max_children < 1 || c.max_frontier < 1 || !(c.slack >= 0))
    return bad("n_best, batch, max_children and max_frontier of at least 1, slack of at least 0",
               "less");
  if (!c.length_prior.empty() && static_cast<int>(c.length_prior.size()) != law.horizon() + 1)
    return bad("a length prior of " + std::to_string(law.horizon() + 1) + " entries",
               std::to_string(c.length_prior.size()));
  if (c.per_length && (c.n_best > 1 || !c.length_prior.empty() || !c.terms.empty()))
    return bad("the most likely reply of each length", "n_best, a length prior or terms besides");
  for (const WeightedTerm& t : c.terms)
    if (!t.term || most_of_terms({&t, 1}, {}, law.horizon()) == kInf)
      return Error{Code::kInvalid, "terms with a bound over all replies that begin alike",
                   t.term ? std::string(t.term->name()) : "none", "best-first search",
                   "give the term its range (Term::range), or sample with it"};
  return std::unique_ptr<BestFirst>(new BestFirst(d, context, law, c));
}

Result<BestFirstResult> best_first(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                                   const BestFirstConfig& c, std::span<const Reply> incumbents,
                                   const Budget& budget) {
  PONDER_ASSIGN(const auto search, BestFirst::make(d, context, law, c));
  PONDER_TRY(search->run(incumbents, budget, c.progress));
  return search->result();
}

}  // namespace ponder
