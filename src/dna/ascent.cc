// Ascent on the logits of sequences through relaxed terms: Fast SeqProp, and the mixture itself.
// All starts run side by side, in batches.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/gumbel.h"
#include "dna/record.h"
#include "dna/snap.h"
#include "search/adam.h"

namespace ponder::dna {
namespace {

// The logits z (n, 4) of one start as a function of parameters: the logits themselves, or,
// normalised, u of mean 0 and variance 1 over positions with a scale and an offset for each letter.
class Logits {
 public:
  Logits(SequenceView start, bool normalise, double rate)
      : n_(start.size() * kLetters),
        normalise_(normalise),
        x_(n_ + 2 * kLetters, 0.),
        adam_(x_.size(), rate) {
    for (std::size_t t = 0; t < start.size(); ++t) x_[t * kLetters + start[t]] = 1;
    std::fill_n(x_.begin() + static_cast<std::ptrdiff_t>(n_), kLetters, 1.);
  }

  std::vector<double> z() {
    if (!normalise_) return {x_.begin(), x_.begin() + static_cast<std::ptrdiff_t>(n_)};
    const double n = static_cast<double>(n_) / kLetters;
    u_.assign(n_, 0);
    std::vector<double> out(n_);
    for (std::size_t v = 0; v < kLetters; ++v) {
      double mean = 0, square = 0;
      for (std::size_t i = v; i < n_; i += kLetters) mean += x_[i] / n;
      for (std::size_t i = v; i < n_; i += kLetters) square += (x_[i] - mean) * (x_[i] - mean) / n;
      deviation_[v] = std::sqrt(square + 1e-5);
      for (std::size_t i = v; i < n_; i += kLetters) {
        u_[i] = (x_[i] - mean) / deviation_[v];
        out[i] = u_[i] * x_[n_ + v] + x_[n_ + kLetters + v];
      }
    }
    return out;
  }

  // dz: derivative by the last result of z().
  void ascend(std::span<const double> dz) {
    std::vector<double> g(x_.size(), 0.);
    if (!normalise_) std::copy(dz.begin(), dz.end(), g.begin());
    const double n = static_cast<double>(n_) / kLetters;
    for (std::size_t v = 0; v < kLetters && normalise_; ++v) {
      double mean = 0, along = 0;
      for (std::size_t i = v; i < n_; i += kLetters) {
        mean += dz[i] / n;
        along += dz[i] * u_[i] / n;
      }
      for (std::size_t i = v; i < n_; i += kLetters)
        g[i] = x_[n_ + v] / deviation_[v] * (dz[i] - mean - u_[i] * along);
      g[n_ + v] = along * n;
      g[n_ + kLetters + v] = mean * n;
    }
    adam_.ascend(g, x_);
  }

 private:
  std::size_t n_;
  bool normalise_;
  std::vector<double> x_, u_;
  std::array<double, kLetters> deviation_{};
  Adam<double> adam_;
};

// Adds the noise to z that makes the argmax a draw from softmax(z / tau).
std::vector<double> with_noise(std::vector<double> z, double tau, Choices& choices) {
  for (double& v : z) v += tau * gumbel(choices.uniform());
  return z;
}

struct Part {
  double beta;
  Term* term;
  std::optional<TokenRelaxation> relaxed;  // none: the term only scores
};
Result<std::vector<Part>> parts_of(const Energy& e, const Constraints& c,
                                   TokenRelaxation::Kind kind) {
  std::vector<Token> candidates;
  std::vector<double> log_q;
  for (LetterSet set : c.letters)
    for (Token v = 0; v < kLetters; ++v) {
      candidates.push_back(v);
      log_q.push_back(set >> v & 1 ? -std::log(kLetters) : kAbsent);
    }
  std::vector<Part> parts;
  for (std::size_t k = 0; k < e.terms().size(); ++k) {
    const double beta = e.replicas()[0].beta[k];
    if (beta == 0) continue;
    parts.push_back({beta, e.terms()[k].get(), {}});
    if (SoftScore* soft = e.terms()[k]->relaxed()) {
      PONDER_ASSIGN(parts.back().relaxed,
                    TokenRelaxation::make(*soft, candidates, kLetters, kind, log_q));
    }
  }
  return parts;
}

struct Point {
  std::vector<double> z{};  // (n, 4)
  Sequence x{};
  double relaxed = 0, fitness = 0;  // nats, up to a constant that all sequences share
  std::vector<double> dz{};         // (n, 4) derivative of `relaxed` by z
};
// Evaluates every term once. With straight-through the relaxed value is that of x.
Status evaluate(std::span<const Part> parts, TokenRelaxation::Kind kind, double tau,
                std::span<Point> points) {
  const bool through = kind == TokenRelaxation::Kind::kStraightThrough;
  std::vector<std::vector<double>> z;
  std::vector<Sequence> x;
  for (Point& p : points) {
    p.dz.assign(p.z.size(), 0);
    z.push_back(p.z);
    x.push_back(p.x);
  }
  const std::vector<SequenceView> views(x.begin(), x.end());
  std::vector<TokenRelaxation::Value> values;
  std::vector<double> hard(points.size());
  for (const Part& part : parts) {
    if (part.relaxed)
      PONDER_TRY(part.relaxed->evaluate(z, tau, values, through ? x : std::span<const Sequence>{}));
    if (!part.relaxed || !through) PONDER_TRY(part.term->evaluate(views, hard));
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double relaxed = part.relaxed ? values[i].value : 0;
      points[i].relaxed += part.beta * relaxed;
      points[i].fitness += part.beta * (part.relaxed && through ? relaxed : hard[i]);
      for (std::size_t j = 0; part.relaxed && j < values[i].z.size(); ++j)
        points[i].dz[j] += part.beta * values[i].z[j];
    }
  }
  return {};
}

}  // namespace

Result<Designs> ascend(const Energy& e, const Constraints& c, std::span<const Sequence> starts,
                       const DnaAscentConfig& config, const Budget& budget) {
  PONDER_TRY(dna::check_end(config.steps, budget));
  const bool through = config.relaxation == TokenRelaxation::Kind::kStraightThrough;
  Designs out;
  // Letters that go through the terms are not in the density's own count.
  const auto tokens = [&] {
    return (out.n_scored + out.n_gradients) * static_cast<std::int64_t>(c.letters.size());
  };
  Budget counted = budget;
  counted.enough = [&] { return (budget.enough && budget.enough()) || tokens() >= budget.tokens; };
  const Clock clock(e.density(), counted);
  dna::Record record(starts.size());
  std::vector<ChainState> states;
  PONDER_TRY(dna::begin(e, starts, out, record, states));
  PONDER_ASSIGN(const std::vector<Part> parts, parts_of(e, c, config.relaxation));
  // the density is uniform over the allowed letters
  const double shared = e.replicas()[0].alpha * states[0].logprob;
  std::vector<Logits> logits;
  for (const Sequence& x : starts) logits.emplace_back(x, config.normalise, config.rate);
  double gap = 0;
  std::int64_t n_gaps = 0;
  for (int step = 0; (config.steps == 0 || step < config.steps) && !clock.over(); ++step) {
    const double spent = std::max(clock.spent(), static_cast<double>(tokens()) /
                                                     static_cast<double>(budget.tokens)),
                 share = config.steps == 0
                             ? std::min(spent, 1.)
                             : static_cast<double>(step) / std::max(config.steps - 1, 1),
                 tau = config.hot * std::pow(config.cold / config.hot, share);
    const StepChoices choices(config.seed, starts.size(), static_cast<std::uint32_t>(step));
    std::vector<Point> points;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      Point p{.z = logits[i].z()};
      p.x = dna::snap(through ? with_noise(p.z, tau, choices[i]) : p.z, c);
      points.push_back(std::move(p));
    }
    if (const Status s = evaluate(parts, config.relaxation, tau, points); !s.ok()) {
      if (budget.stopped()) break;
      return s.error();
    }
    for (std::size_t i = 0; i < starts.size(); ++i) {
      record.see(i, points[i].x, points[i].fitness + shared);
      logits[i].ascend(points[i].dz);
      if (std::isfinite(points[i].fitness)) gap += points[i].relaxed - points[i].fitness, ++n_gaps;
    }
    out.n_gradients += static_cast<std::int64_t>(starts.size());
    if (!through) out.n_scored += static_cast<std::int64_t>(starts.size());
    record.end_iteration();
  }
  out.relaxation_gap = n_gaps > 0 ? gap / static_cast<double>(n_gaps) : 0;
  return record.take(std::move(out));
}

}  // namespace ponder::dna
