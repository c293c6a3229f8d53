// An entry's bound is the log of the mass below it: of a prefix its probability, of the rest of a
// row what the row has left over. So the heaviest comes first, and what waits adds up to what is
// open.
#include "answer/enumeration.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "answer/grow.h"
#include "answer/shares.h"
#include "base/infinity.h"
#include "search/clock.h"

namespace ponder {
namespace {

// Of a closed prefix that is kept, nats: lighter ones count, and no proof needs them.
constexpr double kLeastKept = -16;

}  // namespace

AnswerEnumeration::AnswerEnumeration(CausalDensity& d, const PrefixRef& context,
                                     const ReplyLaw& law, const PrefixMap& map, Spell spell,
                                     const EnumerationConfig& c)
    : d_(d),
      law_(law),
      map_(map),
      spell_(std::move(spell)),
      c_(c),
      frontier_(context, c.max_frontier),
      batch_limit_(c.batch) {
  wait({.bound = 0, .logprob = 0});
}

double AnswerEnumeration::open() const { return std::max(0., waiting_) + dropped_; }

// Where nothing fits any more, the mass stays open for good.
void AnswerEnumeration::wait(const Entry& e) {
  if (e.bound == -kInf) return;
  const double mass = std::exp(e.bound);
  if (static_cast<std::int64_t>(frontier_.entries().size()) >= c_.max_frontier) {
    dropped_ += mass;
    return;
  }
  waiting_ += mass;
  frontier_.push(e);
}

void AnswerEnumeration::close(std::vector<Token> tokens, double logprob,
                              std::optional<std::string> answer) {
  double& mass = mass_[answer];
  mass += std::exp(logprob);
  if (answer && leader_ == answer) {
    first_ = mass;
  } else if (answer && mass > first_) {  // masses only grow
    second_ = std::exchange(first_, mass);
    leader_ = answer;
  } else if (answer) {
    second_ = std::max(second_, mass);
  }
  if (logprob >= kLeastKept) closed_.push_back({std::move(tokens), logprob, std::move(answer)});
}

void AnswerEnumeration::take_child(Frontier::Index node, const std::vector<Token>& begin,
                                   const TokenProb& v) {
  const double f = frontier_.node(node).logprob + v.logprob;
  if (f == -kInf) return;
  GrownPrefix p = grow(law_, map_, spell_, begin, v.token);
  if (!p.closed) return wait({.bound = f, .logprob = f, .node = node, .token = v.token});
  close(std::move(p.tokens), f, std::move(p.answer));
}

void AnswerEnumeration::take_row(const Entry& e, PrefixRef end, const Row& row) {
  const bool fed = e.token >= 0;
  const Frontier::Index node =
      fed ? frontier_.add(e.node, e.token, e.logprob, std::move(end)) : e.node;
  expanded_ += fed || e.skip == 0;
  const std::vector<Token> begin = frontier_.tokens(node);
  for (std::size_t i = e.skip; i < row.list.size(); ++i) take_child(node, begin, row.list[i]);
  if (row.next_logprob > -kInf) {
    const double f = frontier_.node(node).logprob;
    const double left = std::max(row.mass_left, std::exp(row.next_logprob));
    const int taken = std::max(static_cast<int>(row.list.size()), e.skip);
    wait({.bound = f + std::log(left), .logprob = f, .node = node, .skip = taken});
  }
  if (fed) frontier_.release(node);
  frontier_.release(e.node);
}

void AnswerEnumeration::pop_batch() {
  constexpr std::int64_t kSmallest = 8, kShare = 4;
  const auto most = std::min<std::int64_t>(batch_limit_, std::max(kSmallest, expanded_ / kShare));
  while (!frontier_.empty() && static_cast<std::int64_t>(batch_.size()) < most) {
    batch_.push_back(frontier_.pop());
    waiting_ -= std::exp(batch_.back().bound);
  }
}

Status AnswerEnumeration::ask(Rows& rows) {
  std::vector<Extend> requests;
  for (const Entry& e : batch_) {
    const auto most =
        std::min<std::int64_t>(std::max<std::int64_t>(4ll * e.skip, c_.max_children), d_.n_vocab());
    const Draw draw{.kind = Draw::Kind::kList, .max_items = static_cast<int>(most)};
    requests.push_back({.parent = frontier_.node(e.node).prefix,
                        .tokens = std::span(&e.token, e.token >= 0 ? 1 : 0),
                        .rows = RowSet::kLast,
                        .needs = {.draw = draw},
                        .masks = {law_.mask(frontier_.length(e))}});
  }
  return d_.extend(requests, rows);
}

Status AnswerEnumeration::expand_batch() {
  Rows rows;
  if (Status s = ask(rows); !s.ok()) {
    for (const Entry& e : batch_) waiting_ += std::exp(e.bound);
    return frontier_.put_back(batch_, batch_limit_, s);
  }
  for (std::size_t i = 0; i < batch_.size(); ++i)
    take_row(batch_[i], std::move(rows.end[i]), rows.rows[i]);
  batch_.clear();
  return {};
}

bool AnswerEnumeration::is_done() const {
  if (frontier_.empty()) return true;
  return is_proved() && open() <= c_.open_enough;
}

Status AnswerEnumeration::run(const Budget& budget) {
  const Clock clock(d_, budget);
  batch_limit_ = c_.batch;
  for (int round = 0; batch_limit_ > 0 && !clock.over() && !is_done(); ++round) {
    pop_batch();
    PONDER_TRY(expand_batch());
    constexpr int kEvery = 8;
    if (c_.progress && round % kEvery == 0) c_.progress(posterior(false));
  }
  return {};
}

Posterior AnswerEnumeration::posterior(bool closed) const {
  Posterior p;
  p.open = open();
  for (const auto& [answer, mass] : mass_) {
    if (answer)
      p.answers.push_back({*answer, mass, mass, std::min(1., mass + p.open)});
    else
      p.none = mass;
  }
  sort_by_mass(p.answers);
  p.proved = is_proved();
  p.expanded = expanded_;
  if (!closed) return p;
  p.closed = closed_;
  std::stable_sort(
      p.closed.begin(), p.closed.end(),
      [](const ClosedPrefix& a, const ClosedPrefix& b) { return a.logprob > b.logprob; });
  return p;
}

Result<std::unique_ptr<AnswerEnumeration>> AnswerEnumeration::make(
    CausalDensity& d, const PrefixRef& context, const ReplyLaw& law, const PrefixMap& map,
    Spell spell, const EnumerationConfig& c) {
  if (c.batch < 1 || c.max_children < 1 || c.max_frontier < 1 || !(c.open_enough >= 0))
    return Error{Code::kInvalid,
                 "batch, max_children and max_frontier of at least 1, open_enough of at least 0",
                 "less", "enumeration of answers", ""};
  return std::unique_ptr<AnswerEnumeration>(
      new AnswerEnumeration(d, context, law, map, std::move(spell), c));
}

Result<Posterior> enumerate_answers(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                                    const PrefixMap& map, const Spell& spell,
                                    const EnumerationConfig& c, const Budget& budget) {
  PONDER_ASSIGN(const auto search, AnswerEnumeration::make(d, context, law, map, spell, c));
  PONDER_TRY(search->run(budget));
  return search->posterior();
}

}  // namespace ponder
