// The check of a certificate: first its arithmetic, then every reply's log-probability, then all
// prefixes worth more than its bound, depth first, from whole vocabulary rows. It shares no code
// with the search and has no heap, no lists, and no pruning except by the stated bound.
#include "ponder/search/certificate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "base/infinity.h"

namespace ponder {
namespace {

class Checker {
 public:
  Checker(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law, const Statement& s,
          const CheckConfig& c, const Budget& b)
      : d_(d), context_(context), law_(law), s_(s), c_(c), budget_(b), cost_(d.cost()) {}
  Result<CheckResult> run();

 private:
  struct Waiting {
    PrefixRef parent;
    std::vector<Token> tokens;
    double logprob;
  };
  void wrong(const std::string& why) {
    if (result_.why.empty()) result_.why = why;
  }
  double prior(std::size_t n) const { return s_.length_prior.empty() ? 0 : s_.length_prior[n]; }
  double best_prior_beyond(std::size_t n) const;
  std::string name(const std::vector<Token>&) const;
  void check_arithmetic();
  void check_is_reply(const Reply&);
  Status check_logprobs();
  Status look_at(std::vector<Waiting>& stack);
  void look_at_row(const Waiting&, const PrefixRef& at, const Row&, std::vector<Waiting>& stack);
  bool over() const;

  CausalDensity& d_;
  PrefixRef context_;
  const ReplyLaw& law_;
  const Statement& s_;
  const CheckConfig& c_;
  const Budget& budget_;
  Cost cost_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::set<std::vector<Token>> kept_;
  CheckResult result_;
};

bool Checker::over() const {
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return (budget_.stop && budget_.stop->load()) || seconds >= budget_.seconds ||
         (d_.cost() - cost_).total() >= budget_.tokens;
}

std::string Checker::name(const std::vector<Token>& tokens) const {
  std::string s = "the reply";
  for (Token v : tokens) s += " " + std::to_string(v);
  return s;
}

double Checker::best_prior_beyond(std::size_t n) const {
  if (s_.length_prior.empty()) return 0;
  double best = -kInf;
  for (std::size_t k = n + 1; k < s_.length_prior.size(); ++k)
    if (static_cast<int>(k) >= law_.min_length() && law_.counts(k))
      best = std::max(best, s_.length_prior[k]);
  return best;
}

void Checker::check_is_reply(const Reply& r) {
  if (!law_.is_reply(r.tokens)) wrong(name(r.tokens) + " is none of this law");
  if (!kept_.insert(r.tokens).second) wrong(name(r.tokens) + " is there twice");
}

// Checks that the figures are consistent.
void Checker::check_arithmetic() {
  constexpr double kRounding = 1e-6;
  const auto differ = [](double a, double b) { return !(a == b || std::abs(a - b) <= kRounding); };
  const Certificate& c = s_.certificate;
  double mass = 0, last = kInf;
  for (const Reply& r : s_.replies) {
    check_is_reply(r);
    const double worth = r.logprob + prior(std::min<std::size_t>(r.tokens.size(), law_.horizon()));
    if (!(worth <= last + kRounding)) wrong("the replies are not in order");
    last = worth;
    mass += std::exp(r.logprob);
  }
  if (s_.replies.empty()) return wrong("it states no reply");
  if (static_cast<int>(s_.replies.size()) > s_.n_best)
    wrong("it keeps more replies than it speaks of");
  const bool full = static_cast<int>(s_.replies.size()) == s_.n_best,
             optimal = c.status == Certificate::Status::kOptimal;
  if (c.status == Certificate::Status::kNone) wrong("it claims nothing");
  if (differ(c.margin, last - c.bound))
    wrong("its margin is not the worst reply kept less the bound");
  if (differ(c.gap, optimal ? 0 : std::max(0., c.bound - last)))
    wrong("its gap is not the bound less the worst kept");
  if (optimal && !(c.bound <= (full ? last + kRounding : -kInf)))
    wrong("it says optimal with a bound above the replies");
  if (differ(c.mass_kept, mass)) wrong("its mass is not that of the replies");
  if (c.horizon != law_.horizon()) wrong("its horizon is not that of its law");
  if (c.shortest != law_.shortest()) wrong("its shortest reply is not that of its law");
  const bool ended = law_.target() == Target::kEnded;
  const bool fits = law_.target() == Target::kTruncated ? c.claim == Certificate::Claim::kTruncated
                    : law_.target() == Target::kFixed
                        ? c.claim == Certificate::Claim::kFixed
                        : c.claim == Certificate::Claim::kAnyLength ||
                              c.claim == Certificate::Claim::kEndedWithinHorizon;
  if (!fits ||
      (ended && c.claim == Certificate::Claim::kAnyLength && !(optimal && s_.length_prior.empty())))
    wrong("its claim does not fit its law");
}

Status Checker::check_logprobs() {
  for (const Reply& r : s_.replies) {
    const Extend ask{.parent = context_,
                     .tokens = r.tokens,
                     .rows = RowSet::kTargets,
                     .masks = law_.masks(r.tokens.size())};
    Rows rows;
    PONDER_TRY(d_.extend({&ask, 1}, rows));
    double f = 0;
    for (const Row& row : rows.rows) f += row.logprob;
    if (!(std::abs(f - r.logprob) <= c_.tolerance))
      wrong(name(r.tokens) + " has log-probability " + std::to_string(f) + ", not " +
            std::to_string(r.logprob));
  }
  return {};
}

void Checker::look_at_row(const Waiting& w, const PrefixRef& at, const Row& row,
                          std::vector<Waiting>& stack) {
  const auto t = static_cast<int>(w.tokens.size());
  const double line = s_.certificate.bound + c_.tolerance;
  for (Token v = 0; v < d_.n_vocab(); ++v) {
    const double f = w.logprob + (static_cast<double>(row.logits[v]) - row.log_normalizer);
    const bool closes = law_.closes(t, v);
    const double worth = f + (closes ? prior(t + 1) : best_prior_beyond(t + 1));
    // an unended prefix of horizon tokens is no reply
    const bool beyond = !closes && t + 1 >= law_.horizon();
    if (!(f > -kInf) || !((beyond ? f : worth) > line)) continue;
    if (closes && !law_.counts(t + 1)) continue;  // too short to be a reply
    std::vector<Token> tokens = w.tokens;
    tokens.push_back(v);
    if (closes) {
      if (!kept_.contains(tokens))
        wrong(name(tokens) + ", which it leaves out, has " + std::to_string(worth) +
              ", above its bound of " + std::to_string(s_.certificate.bound));
    } else if (!beyond) {
      stack.push_back({at, std::move(tokens), f});
    } else if (s_.certificate.claim == Certificate::Claim::kAnyLength) {
      wrong("it speaks of any length, and " + name(tokens) + " … has not ended with " +
            std::to_string(f));
    }
  }
}

// Evaluates the last few prefixes of the stack in one pass; most are children of one prefix.
Status Checker::look_at(std::vector<Waiting>& stack) {
  const auto n = std::min<std::size_t>(stack.size(), c_.batch);
  const std::vector<Waiting> batch(
      std::make_move_iterator(stack.end() - static_cast<std::ptrdiff_t>(n)),
      std::make_move_iterator(stack.end()));
  stack.resize(stack.size() - n);
  std::vector<Extend> requests;
  for (const Waiting& w : batch) {
    const std::span<const Token> all = w.tokens;
    requests.push_back({.parent = w.parent,
                        .tokens = all.empty() ? all : all.last(1),
                        .needs = {.draw = {.kind = Draw::Kind::kRow}},
                        .masks = {law_.mask(static_cast<int>(all.size()))}});
  }
  Rows rows;
  PONDER_TRY(d_.extend(requests, rows));
  for (std::size_t i = 0; i < n; ++i) look_at_row(batch[i], rows.end[i], rows.rows[i], stack);
  result_.n_prefixes += static_cast<std::int64_t>(n);
  return {};
}

Result<CheckResult> Checker::run() {
  check_arithmetic();
  if (result_.why.empty()) PONDER_TRY(check_logprobs());
  std::vector<Waiting> stack;
  if (result_.why.empty()) stack.push_back({context_, {}, 0});
  while (!stack.empty() && result_.why.empty() && (result_.completed = !over()))
    PONDER_TRY(look_at(stack));
  result_.valid = result_.why.empty() && result_.completed;
  return result_;
}

}  // namespace

Result<CheckResult> check_certificate(CausalDensity& d, const PrefixRef& context,
                                      const ReplyLaw& law, const Statement& s, const CheckConfig& c,
                                      const Budget& b) {
  if (!s.length_prior.empty() && static_cast<int>(s.length_prior.size()) != law.horizon() + 1)
    return Error{Code::kInvalid,
                 "a length prior of " + std::to_string(law.horizon() + 1) + " entries",
                 std::to_string(s.length_prior.size()), "check of a certificate", ""};
  if (!(c.tolerance >= 0) || c.batch < 1)
    return Error{Code::kInvalid, "a tolerance of at least 0 and a batch of at least 1", "less",
                 "check of a certificate", ""};
  return Checker(d, context, law, s, c, b).run();
}

}  // namespace ponder
