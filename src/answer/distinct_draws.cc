// Stochastic beam search, top-down: a node's perturbed log-probability is the largest of all
// replies below it, so that the children of a node are drawn one by one, the largest first: the
// first has the value of its parent, each further one is the largest of Gumbel variables that are
// truncated at the one before. No noise is made for children that are not drawn. Kool, van Hoof,
// Welling 2019, sections 3 and 4; docs/answers.md#distinct.
#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>

#include "answer/distinct_shares.h"
#include "answer/grow.h"
#include "base/gumbel.h"
#include "base/infinity.h"
#include "base/rng.h"
#include "search/clock.h"

namespace ponder {
namespace {

// A prefix of the beam.
struct Perturbed {
  PrefixRef at{};  // of a live one: its last token is not fed yet
  GrownPrefix prefix{};
  double logprob = 0;  // under the model, nats
  double log_q = 0;    // under the law of the draws, nats
  double value = 0;    // the largest log q + Gumbel noise of the replies below it
};

// Uniforms of one node: a function of seed, position and rank in the beam, and of nothing else.
class NodeUniforms {
 public:
  NodeUniforms(std::uint64_t seed, int t, std::size_t rank)
      : seed_(seed),
        rank_(static_cast<std::uint32_t>(rank)),
        step_(static_cast<std::uint64_t>(t) << 32) {}
  double next() { return uniform(seed_, rank_, step_++, Purpose::kDistinct); }

 private:
  std::uint64_t seed_;
  std::uint32_t rank_;
  std::uint64_t step_;
};

// The children of a node in falling order of their values.
class Children {
 public:
  Children(const Perturbed& parent, const Row& row, double alpha, NodeUniforms u)
      : parent_(parent), row_(row), uniforms_(u), value_(parent.value) {
    const float max = *std::max_element(row.logits.begin(), row.logits.end());
    weights_.reserve(row.logits.size());
    for (const float l : row.logits) weights_.push_back(std::exp(alpha * (l - max)));
    all_ = left_ = sum();
  }
  /// Of the next child; -inf: there is none.
  double value() const { return value_; }
  Perturbed take(const ReplyLaw& law, const PrefixMap& map, const Spell& spell) {
    const std::size_t v = draw();
    Perturbed child{.prefix = grow(law, map, spell, parent_.prefix.tokens, static_cast<Token>(v)),
                    .logprob = parent_.logprob + row_.logits[v] - row_.log_normalizer,
                    .log_q = parent_.log_q + std::log(weights_[v] / all_),
                    .value = value_};
    weights_[v] = 0;
    left_ = sum();
    const double mu = parent_.log_q + std::log(left_ / all_);
    const double g = gumbel(uniforms_.next());
    value_ = left_ > 0 ? mu + loser_noise(g, mu, value_) : -kInf;
    return child;
  }

 private:
  // Added up anew each time: what a likely child leaves is lost in a difference.
  double sum() const {
    double s = 0;
    for (const double w : weights_) s += w;
    return s;
  }
  std::size_t draw() {
    double rest = uniforms_.next() * left_;
    std::size_t drawn = 0;
    for (std::size_t v = 0; v < weights_.size(); ++v) {
      if (weights_[v] == 0) continue;
      drawn = v;  // if rounding leaves the uniform above the sum, the last one
      if (rest < weights_[v]) break;
      rest -= weights_[v];
    }
    return drawn;
  }

  const Perturbed& parent_;
  const Row& row_;
  NodeUniforms uniforms_;
  double value_;
  std::vector<double> weights_;  // (n_vocab), 0: taken, or of no probability
  double all_ = 0, left_ = 0;    // sums of weights: at first, and now
};

// The candidates of a level, and the threshold below which none is among the n best.
class Level {
 public:
  Level(std::size_t n, double dropped) : n_(n), dropped_(dropped) {}
  void add(Perturbed p) {
    best_.push(p.value);
    if (best_.size() > n_) best_.pop();
    all_.push_back(std::move(p));
  }
  bool takes(double value) const {
    return value > dropped_ && (best_.size() < n_ || value > best_.top());
  }
  void drop(double value) { dropped_ = std::max(dropped_, value); }
  double dropped() const { return dropped_; }
  /// The n best, the best first; the others are dropped.
  std::vector<Perturbed> finish() {
    std::stable_sort(all_.begin(), all_.end(),
                     [](const Perturbed& a, const Perturbed& b) { return a.value > b.value; });
    if (all_.size() > n_) drop(all_[n_].value), all_.resize(n_);
    return std::move(all_);
  }

 private:
  std::size_t n_;
  double dropped_;  // the largest value that is not among the n best
  std::vector<Perturbed> all_;
  std::priority_queue<double, std::vector<double>, std::greater<>> best_;  // n at most
};

class StochasticBeam {
 public:
  StochasticBeam(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                 const PrefixMap& map, const Spell& spell, const DistinctDrawsConfig& c)
      : d_(d), law_(law), map_(map), spell_(spell), c_(c) {
    // The largest of all: a Gumbel variable.
    NodeUniforms u(c.seed, law.horizon(), 0);
    beam_.push_back({.at = context, .value = gumbel(u.next())});
  }

  bool is_done() const {
    return std::all_of(beam_.begin(), beam_.end(),
                       [](const Perturbed& p) { return p.prefix.closed; });
  }
  // One token more of every draw that is not over.
  Status grow_all() {
    Level level(static_cast<std::size_t>(c_.n), dropped_);
    std::vector<std::size_t> live;
    for (std::size_t i = 0; i < beam_.size(); ++i)
      if (beam_[i].prefix.closed)
        level.add(std::move(beam_[i]));
      else
        live.push_back(i);
    const auto batch = static_cast<std::size_t>(c_.batch);
    for (std::size_t i = 0; i < live.size(); i += batch)
      PONDER_TRY(expand(std::span(live).subspan(i, std::min(batch, live.size() - i)), level));
    beam_ = level.finish();
    dropped_ = level.dropped();
    ++t_;
    return {};
  }
  DistinctAnswers answers() const {
    std::vector<DistinctDraw> draws;
    for (const Perturbed& p : beam_)
      draws.push_back({p.prefix.closed,
                       p.prefix.answer,
                       {p.prefix.tokens, p.logprob,
                        !p.prefix.tokens.empty() && law_.is_end(p.prefix.tokens.back())},
                       p.log_q});
    return distinct_shares(std::move(draws), dropped_);
  }

 private:
  Status expand(std::span<const std::size_t> nodes, Level& level) {
    std::vector<Extend> batch;
    for (const std::size_t i : nodes) {
      const std::vector<Token>& tokens = beam_[i].prefix.tokens;
      const std::size_t fed = tokens.empty() ? 0 : 1;
      batch.push_back({.parent = beam_[i].at,
                       .tokens = std::span(tokens).last(fed),
                       .rows = RowSet::kLast,
                       .needs = {.draw = {.kind = Draw::Kind::kRow}},
                       .masks = {law_.mask(t_)}});
    }
    Rows rows;
    PONDER_TRY(d_.extend(batch, rows));
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      Children children(beam_[nodes[k]], rows.rows[k], 1 / c_.temperature, {c_.seed, t_, nodes[k]});
      while (level.takes(children.value())) {
        Perturbed child = children.take(law_, map_, spell_);
        if (!child.prefix.closed) child.at = rows.end[k];
        level.add(std::move(child));
      }
      level.drop(children.value());
    }
    return {};
  }

  CausalDensity& d_;
  const ReplyLaw& law_;
  const PrefixMap& map_;
  const Spell& spell_;
  const DistinctDrawsConfig& c_;
  std::vector<Perturbed> beam_;  // the largest value first
  double dropped_ = -kInf;       // the largest value of a reply that is not below the beam
  int t_ = 0;                    // tokens of the live prefixes
};

}  // namespace

Result<DistinctAnswers> draw_distinct_answers(CausalDensity& d, const PrefixRef& context,
                                              const ReplyLaw& law, const PrefixMap& map,
                                              const Spell& spell, const DistinctDrawsConfig& c,
                                              const Budget& budget) {
  if (c.n < 1 || c.batch < 1 || !(c.temperature > 0))
    return Error{Code::kInvalid, "draws and batch of at least 1, a temperature above 0",
                 "draws " + std::to_string(c.n) + ", batch " + std::to_string(c.batch) +
                     ", temperature " + std::to_string(c.temperature),
                 "distinct draws of answers", ""};
  const Clock clock(d, budget);
  StochasticBeam beam(d, context, law, map, spell, c);
  while (!beam.is_done() && !clock.over()) {
    PONDER_TRY(beam.grow_all());
    if (!c.progress) continue;
    const DistinctAnswers now = beam.answers();
    c.progress(now.answers, now.n);
  }
  return beam.answers();
}

}  // namespace ponder
