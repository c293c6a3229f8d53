// A proof in as few prefixes as it takes, and its check, which knows nothing of the enumeration.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "ponder/answer/posterior.h"

namespace ponder {
namespace {

// Masses beside one answer, when each log-probability may be wrong by `error` nats.
class Masses {
 public:
  Masses(std::string answer, double error) : answer_(std::move(answer)), error_(error) {}
  void add(const std::optional<std::string>& answer, double logprob) {
    const double low = std::exp(logprob - error_);
    sum_ += low;
    if (answer == answer_)
      least_ += low;
    else if (answer)
      strongest_ = std::max(strongest_, most_[*answer] += std::exp(logprob + error_));
  }
  double least() const { return least_; }
  // Of the strongest other answer if it also had all that the prefixes leave open.
  double others() const { return strongest_ + std::max(0., 1 - sum_); }

 private:
  std::string answer_;
  double error_, sum_ = 0, least_ = 0, strongest_ = 0;
  std::map<std::string, double> most_;
};

AnswerCheck failed(std::string why) { return {.why = std::move(why)}; }

std::string place(std::size_t i) { return "prefix " + std::to_string(i); }

// What is wrong with a prefix; "": nothing.
std::string wrong_prefix(const ReplyLaw& law, const PrefixMap& map, const Spell& spell,
                         const ClosedPrefix& p) {
  const auto n = static_cast<int>(p.tokens.size());
  if (n == 0 || n > law.horizon()) return "is empty or longer than the horizon";
  for (int t = 0; t < n; ++t) {
    const TokenMask* mask = law.mask(t);
    if (mask && !(*mask)[p.tokens[t]]) return "has a token that the law does not allow";
    if (law.is_end(p.tokens[t]) && t + 1 < n) return "goes on after an end token";
  }
  const bool ended = law.is_end(p.tokens.back());
  const std::string text = spell(std::span(p.tokens).first(p.tokens.size() - (ended ? 1 : 0)));
  if (ended || (law.target() == Target::kFixed && n == law.horizon()))
    return map.answer(text) == p.answer ? "" : "gives another answer";
  const Reading v = map.read(text);
  if (!v.decided && n == law.horizon()) return p.answer ? "gives no answer before it is cut" : "";
  if (!v.decided) return "decides no answer";
  return v.answer == p.answer ? "" : "decides another answer";
}

}  // namespace

std::optional<AnswerStatement> state_answer(const Posterior& p, double error) {
  if (p.answers.empty()) return std::nullopt;
  AnswerStatement s{p.answers[0].answer};
  Masses masses(s.answer, error);
  for (const ClosedPrefix& c : p.closed) {
    masses.add(c.answer, c.logprob);
    s.closed.push_back(c);
    if (masses.least() > masses.others()) return s;
  }
  return std::nullopt;
}

Result<AnswerCheck> check_answer(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                                 const PrefixMap& map, const Spell& spell, const AnswerStatement& s,
                                 double error) {
  for (std::size_t i = 0; i < s.closed.size(); ++i) {
    for (const Token v : s.closed[i].tokens)
      if (v < 0 || v >= d.n_vocab()) return failed(place(i) + " has a token out of range");
    const std::string wrong = wrong_prefix(law, map, spell, s.closed[i]);
    if (!wrong.empty()) return failed(place(i) + " " + wrong);
  }
  std::vector<const std::vector<Token>*> sorted;
  for (const ClosedPrefix& c : s.closed) sorted.push_back(&c.tokens);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return *a < *b; });
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (std::equal(sorted[i - 1]->begin(), sorted[i - 1]->end(), sorted[i]->begin(),
                   sorted[i]->begin() + static_cast<std::ptrdiff_t>(
                                            std::min(sorted[i - 1]->size(), sorted[i]->size()))))
      return failed("a prefix begins another, so that its mass counts twice");
  Masses masses(s.answer, error);
  constexpr std::size_t kBatch = 64;
  for (std::size_t i = 0; i < s.closed.size(); i += kBatch) {
    const std::size_t end = std::min(i + kBatch, s.closed.size());
    std::vector<Extend> batch;
    for (std::size_t k = i; k < end; ++k)
      batch.push_back({.parent = context,
                       .tokens = s.closed[k].tokens,
                       .rows = RowSet::kTargets,
                       .masks = law.masks(s.closed[k].tokens.size())});
    Rows rows;
    PONDER_TRY(d.extend(batch, rows));
    for (std::size_t k = i; k < end; ++k) {
      double f = 0;
      for (const Row& row : rows.of(k - i)) f += row.logprob;
      masses.add(s.closed[k].answer, f);
    }
  }
  AnswerCheck c{.lower = masses.least(), .others = masses.others()};
  c.holds = c.lower > c.others;
  if (!c.holds) c.why = "the masses do not prove it";
  return c;
}

}  // namespace ponder
