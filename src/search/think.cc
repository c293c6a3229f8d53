// The order of methods, the shares of the budget, what is known, what it cost, and when it is enough.
#include "ponder/think.h"

#include <algorithm>

#include "base/nearest.h"
#include "search/clock.h"
#include "search/methods.h"

namespace ponder {
namespace {

constexpr std::size_t kMostStarts = 4;

struct Turn {
  std::string method;
  double share;  // of the budget left
};

// A proof costs little where the answer is short: a first try comes early. The last one takes it up again: its work
// does not depend on how good the bar is, so most of the budget is its own.
const std::vector<Turn> kPortfolio{{"prove", 0.15}, {"beam", 0.15}, {"draft", 0.05}, {"anneal", 0.1}, {"prove", 1}};

Result<std::vector<Turn>> turns_of(const ThinkConfig& c) {
  if (c.methods.empty()) return kPortfolio;
  std::vector<Turn> turns;
  bool from_starts = false;
  for (std::size_t k = 0; k < c.methods.size(); ++k) {
    const auto it = methods().find(c.methods[k]);
    if (it == methods().end()) {
      std::string known = "one of the methods";
      for (const std::string& name : think_methods()) known += " " + name;
      const std::string near = nearest(c.methods[k], think_methods(), 4);
      return Error{Code::kInvalid, known, c.methods[k], "method", near.empty() ? "" : "did you mean " + near + "?"};
    }
    from_starts |= it->second.from_starts;
    turns.push_back({c.methods[k], 1. / static_cast<double>(c.methods.size() - k)});
  }
  if (from_starts && c.drafts > 0) turns.insert(turns.begin(), {"draft", 1});
  return turns;
}

class Thinker {
 public:
  Thinker(CausalDensity& d, Prefix context, const ReplyLaw& law, const ThinkConfig& c, const Budget& b)
      : density_(d), context_(context), law_(law), config_(c), budget_(with_patience(b)), clock_(d, budget_) {
    result_.certificate.horizon = law.horizon();
  }
  Status first();
  Status run(const Turn&);
  bool over() const { return clock_.over() || result_.certificate.status == Certificate::Status::kOptimal; }
  ThinkResult result() &&;

 private:
  Budget with_patience(const Budget&);
  bool impatient() const {
    return clock_.seconds() - gained_seconds_ >= config_.patience_seconds ||
           clock_.cost().total() - gained_tokens_ >= config_.patience_tokens;
  }
  bool offer(const Reply&);
  void tell(std::string_view method) const;
  void record(ThinkMethod, const Found&);
  void certify(const Certificate&);
  std::vector<Reply> starts() const;

  CausalDensity& density_;
  Prefix context_;
  const ReplyLaw& law_;
  const ThinkConfig& config_;
  Budget budget_;
  Clock clock_;
  ThinkResult result_{};
  std::vector<Reply> best_;    // none or one
  std::vector<Reply> drafts_;  // first replies
  std::unique_ptr<BestFirst> proof_{};
  double bound_ = std::numeric_limits<double>::infinity();  // no reply that is not known is above it, nats
  double gained_seconds_ = 0;
  std::int64_t gained_tokens_ = 0;
};

Budget Thinker::with_patience(const Budget& given) {
  Budget b = given;
  b.enough = [this, own = given.enough] { return impatient() || (own && own()); };
  return b;
}

// True where it is a reply of the law.
bool Thinker::offer(const Reply& r) {
  const int n = static_cast<int>(r.tokens.size());
  if (n == 0 || !law_.closes(n - 1, r.tokens.back())) return false;
  if (!best_.empty() && r.logprob <= best_[0].logprob) return true;
  best_ = {r};
  gained_seconds_ = clock_.seconds();
  gained_tokens_ = clock_.cost().total();
  return true;
}

void Thinker::tell(std::string_view method) const {
  if (!config_.progress) return;
  config_.progress({.method = method,
                    .best = best_.empty() ? nullptr : best_.data(),
                    .seconds = clock_.seconds(),
                    .tokens = clock_.cost().total()});
}

void Thinker::record(ThinkMethod m, const Found& found) {
  for (const Reply& r : found.replies) {
    if (!offer(r)) continue;
    m.best = m.found ? std::max(m.best, r.logprob) : r.logprob;
    m.found = true;
  }
  m.gap = found.gap;
  tell(m.name);
  result_.methods.push_back(std::move(m));
}

// Of two proofs the one with the lower bound on what is not known holds, whatever has been found since.
void Thinker::certify(const Certificate& c) {
  if (result_.certificate.status == Certificate::Status::kNone) result_.certificate = c;
  if (c.status == Certificate::Status::kNone) return;
  const double bound = best_[0].logprob + c.gap;
  if (bound >= bound_) return;
  bound_ = bound;
  result_.certificate = c;
}

std::vector<Reply> Thinker::starts() const {
  std::vector<Reply> all = best_;
  for (const Reply& r : drafts_)
    if (all.size() < kMostStarts && !r.tokens.empty() && r.tokens != all[0].tokens) all.push_back(r);
  return all;
}

// A first reply is owed whatever the budget.
Status Thinker::first() {
  tell("first");
  Budget only_stop;
  only_stop.stop = budget_.stop;
  const Cost before = density_.cost();
  PONDER_ASSIGN(const std::vector<Reply> replies, decode(density_, context_, law_, config_.first, 1, only_stop));
  result_.first = replies[0];
  if (offer(replies[0])) drafts_.push_back(replies[0]);
  record({.name = "first", .cost = density_.cost() - before, .seconds = clock_.seconds()}, {.replies = replies});
  return {};
}

Status Thinker::run(const Turn& turn) {
  tell(turn.method);
  const Cost before = density_.cost();
  const double since = clock_.seconds();
  const std::vector<Reply> from = starts();
  const Task task{.density = density_,
                  .context = context_,
                  .law = law_,
                  .config = config_,
                  .starts = from,
                  .seed = config_.first.seed + 1000 * result_.methods.size(),
                  .budget = clock_.rest(turn.share),
                  .offer =
                      [&](const Reply& r) {
                        offer(r);
                        tell(turn.method);
                      },
                  .proof = proof_};
  PONDER_ASSIGN(const Found found, methods().at(turn.method).run(task));
  record({.name = turn.method, .cost = density_.cost() - before, .seconds = clock_.seconds() - since}, found);
  if (turn.method == "draft")
    for (const Reply& r : found.replies)
      if (offer(r)) drafts_.push_back(r);
  if (found.certificate) certify(*found.certificate);
  return {};
}

ThinkResult Thinker::result() && {
  result_.best = best_.empty() ? result_.first : best_[0];
  Certificate& c = result_.certificate;
  if (c.status == Certificate::Status::kGap) {
    const double gained = result_.best.logprob - (bound_ - c.gap);  // since it was issued
    c.gap = std::max(0., c.gap - gained);
    c.margin = gained > 0 ? std::min(c.margin + gained, gained) : c.margin;
    if (c.gap == 0) c.status = Certificate::Status::kOptimal;
  }
  return std::move(result_);
}

}  // namespace

std::vector<std::string> think_methods() {
  std::vector<std::string> names;
  for (const auto& [name, method] : methods()) names.push_back(name);
  return names;
}

Result<ThinkResult> think(CausalDensity& d, Prefix context, const ReplyLaw& law, const ThinkConfig& c,
                          const Budget& budget) {
  PONDER_ASSIGN(const std::vector<Turn> turns, turns_of(c));
  Thinker t(d, context, law, c, budget);
  PONDER_TRY(t.first());
  for (const Turn& turn : turns)
    if (!t.over()) PONDER_TRY(t.run(turn));
  return std::move(t).result();
}

}  // namespace ponder
