// The replies known so far with their cost, the methods one after the other, and the conditions to
// stop. Which methods there are, and their shares of the budget: schedule.h.
#include "ponder/search/think.h"

#include <algorithm>

#include "search/clock.h"
#include "search/schedule.h"

namespace ponder {
namespace {

constexpr std::size_t kMostStarts = 4;
// A first reply from which a search by proof leads nowhere.
constexpr std::size_t kLongReply = 64;  // tokens
constexpr double kLongShare = 1. / 3;   // of the budget

// The law of the search that follows a first reply of n tokens.
Result<ReplyLaw> search_law(const ReplyLaw& law, const ThinkConfig& config, int n,
                            const CausalDensity& d) {
  constexpr int kLeastHorizon = 40;
  ReplyLawConfig c = law.config();
  if (c.target == Target::kFixed) return law;
  if (config.fit_horizon) c.horizon = std::min(std::max(kLeastHorizon, (3 * n + 1) / 2), c.horizon);
  if (config.like_lengths) c.shortest = std::max(c.shortest, (2 * n + 2) / 3);
  return ReplyLaw::make(c, d.n_vocab(), law.end_tokens());
}

class Thinker {
 public:
  Thinker(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law, const ThinkConfig& c,
          const Budget& b)
      : density_(d),
        context_(context),
        law_(law),
        config_(c),
        budget_(with_patience(b)),
        clock_(d, budget_) {}
  Status first();
  /// Is the first reply too long for a proof?
  bool is_long() const {
    return result_.first.tokens.size() > kLongReply || clock_.spent() > kLongShare;
  }
  /// What the caller does in the time of the search.
  Status before_long_search() const {
    if (!config_.before_long_search) return {};
    return config_.before_long_search(result_.first, clock_.rest());
  }
  /// The widest beam that ends in time; less than 2: none does.
  int beam_width() const {
    const ThinkMethod& first = result_.methods[0];
    return streams_in_time(first.seconds, first.cost.total(), clock_.rest(), config_.beam);
  }
  Status run(const ScheduledMethod&);
  bool over() const {
    return clock_.over() || result_.certificate.status == Certificate::Status::kOptimal;
  }
  ThinkResult result() &&;

 private:
  Budget with_patience(const Budget&);
  bool impatient() const {
    return clock_.seconds() - gained_seconds_ >= config_.patience_seconds ||
           clock_.cost().total() - gained_tokens_ >= config_.patience_tokens;
  }
  bool offer(const Reply&);
  bool credit(ThinkMethod&, const Reply&);
  void tell(std::string_view method) const;
  void record(ThinkMethod, const MethodOutput&);
  void close_gap();
  std::vector<Reply> starts() const;

  CausalDensity& density_;
  PrefixRef context_;
  ReplyLaw law_;  // the caller's law, then the law of the search once there is a first reply
  const ThinkConfig& config_;
  Budget budget_;
  Clock clock_;
  ThinkResult result_{};
  std::vector<Reply> best_;    // none or one
  std::optional<Reply> also_;  // the most likely reply that is too short to count
  std::vector<Reply> drafts_;  // first replies
  std::unique_ptr<BestFirst> proof_{};
  double gained_seconds_ = 0;
  std::int64_t gained_tokens_ = 0;
};

Budget Thinker::with_patience(const Budget& given) {
  Budget b = given;
  b.enough = [this, own = given.enough] { return impatient() || (own && own()); };
  return b;
}

// Takes a reply. True if it is a reply of the law.
bool Thinker::offer(const Reply& r) {
  if (!law_.is_closed(r.tokens)) return false;
  if (!law_.counts(r.tokens.size())) {
    if (!also_ || r.logprob > also_->logprob) also_ = r;
    return false;
  }
  if (!best_.empty() && r.logprob <= best_[0].logprob) return true;
  best_ = {r};
  gained_seconds_ = clock_.seconds();
  gained_tokens_ = clock_.cost().total();
  result_.trace.push_back({gained_seconds_, gained_tokens_, r.logprob});
  return true;
}

// Takes a reply and credits it to a method.
bool Thinker::credit(ThinkMethod& m, const Reply& r) {
  if (!offer(r)) return false;
  m.best = m.found ? std::max(m.best, r.logprob) : r.logprob;
  m.found = true;
  return true;
}

void Thinker::tell(std::string_view method) const {
  if (!config_.progress) return;
  config_.progress({.method = method,
                    .best = best_.empty() ? nullptr : best_.data(),
                    .seconds = clock_.seconds(),
                    .tokens = clock_.cost().total()});
}

void Thinker::record(ThinkMethod m, const MethodOutput& found) {
  for (const Reply& r : found.replies) credit(m, r);
  m.gap = found.gap;
  tell(m.name);
  result_.methods.push_back(std::move(m));
}

// Replies found after a proof gave up narrow its gap and may close it, since the bound stays the
// same.
void Thinker::close_gap() {
  Certificate& c = result_.certificate;
  if (!proof_ || best_.empty() || c.status == Certificate::Status::kOptimal) return;
  c.margin = best_[0].logprob - c.bound;
  c.gap = std::max(0., -c.margin);
  c.status = c.gap > 0 ? Certificate::Status::kGap : Certificate::Status::kOptimal;
  if (c.gap > 0) return;
  c.tie = config_.best_first.slack;  // replies within the slack have not been checked
}

std::vector<Reply> Thinker::starts() const {
  std::vector<Reply> all = best_;
  for (const Reply& r : drafts_)
    if (all.size() < kMostStarts && !r.tokens.empty() && r.tokens != all[0].tokens)
      all.push_back(r);
  return all;
}

// The first reply is decoded whatever the budget.
Status Thinker::first() {
  tell("first");
  Budget only_stop;
  only_stop.stop = budget_.stop;
  const Cost before = density_.cost();
  const auto on_token = [this](int, TokenProb v) {
    if (config_.on_first_token) config_.on_first_token(v);
    return true;
  };
  PONDER_ASSIGN(const std::vector<Reply> replies,
                decode(density_, context_, law_, config_.first, 1, only_stop, on_token));
  result_.first = replies[0];
  if (config_.on_first) config_.on_first(result_.first);
  PONDER_ASSIGN(law_,
                search_law(law_, config_, static_cast<int>(replies[0].tokens.size()), density_));
  result_.law = law_.config();
  result_.certificate.horizon = law_.horizon();
  result_.certificate.shortest = law_.shortest();
  if (offer(replies[0])) drafts_.push_back(replies[0]);
  gained_seconds_ = clock_.seconds();  // patience counts from the start of the search
  gained_tokens_ = clock_.cost().total();
  record({.name = "first", .cost = density_.cost() - before, .seconds = clock_.seconds()},
         {.replies = replies});
  return {};
}

Status Thinker::run(const ScheduledMethod& next) {
  tell(next.method);
  const Cost before = density_.cost();
  const double since = clock_.seconds();
  const std::vector<Reply> from = starts();
  ThinkMethod m{.name = next.method};
  const MethodInput input{.density = density_,
                          .context = context_,
                          .law = law_,
                          .config = config_,
                          .starts = from,
                          .seed = config_.first.seed + 1000 * result_.methods.size(),
                          .budget = clock_.rest(next.share),
                          .rest = clock_.rest(),
                          .offer =
                              [&](const Reply& r) {
                                credit(m, r);
                                tell(next.method);
                              },
                          .proof = proof_};
  PONDER_ASSIGN(const MethodOutput found, next.run(input));
  m.cost = density_.cost() - before;
  m.seconds = clock_.seconds() - since;
  record(std::move(m), found);
  if (next.name == "draft")
    for (const Reply& r : found.replies)
      if (offer(r)) drafts_.push_back(r);
  if (found.certificate)
    result_.certificate = *found.certificate;  // a continued proof has the tighter certificate
  close_gap();
  return {};
}

ThinkResult Thinker::result() && {
  result_.best = best_.empty() ? result_.first : best_[0];
  if (law_.is_reply(result_.first.tokens))
    result_.gain = result_.best.logprob - result_.first.logprob;
  if (also_ && (best_.empty() || also_->logprob > best_[0].logprob)) result_.also = also_;
  // Every string likelier than the bound has been seen, too short or not.
  Certificate& c = result_.certificate;
  result_.also_proved = result_.also && result_.also->logprob >= c.bound;
  if (c.status == Certificate::Status::kOptimal && !result_.also) c.shortest = 0;
  if (!best_.empty())
    result_.trace.push_back({clock_.seconds(), clock_.cost().total(), best_[0].logprob});
  return std::move(result_);
}

}  // namespace

std::vector<std::string> think_methods() {
  std::vector<std::string> names;
  for (const auto& [name, method] : methods()) names.push_back(name);
  return names;
}

Status check_methods(const std::vector<std::string>& methods) {
  return schedule_of({.methods = methods}, Target::kEnded).status();
}

Result<ThinkResult> think(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                          const ThinkConfig& c, const Budget& budget) {
  PONDER_ASSIGN(std::vector<ScheduledMethod> schedule, schedule_of(c, law.target()));
  Thinker t(d, context, law, c, budget);
  PONDER_TRY(t.first());
  if (c.methods.empty() && !budget.endless() && t.is_long()) {
    PONDER_TRY(t.before_long_search());
    PONDER_ASSIGN(schedule, long_schedule(t.beam_width()));
  }
  for (const ScheduledMethod& next : schedule)
    if (!t.over()) PONDER_TRY(t.run(next));
  return std::move(t).result();
}

}  // namespace ponder
