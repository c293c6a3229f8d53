// Optimisers on an energy over DNA. All starts side by side, in batches.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "ponder/dna_search.h"
#include "search/adam.h"
#include "search/clock.h"

namespace ponder {
namespace {

// The best sequence of each start, and how it became so.
class Record {
 public:
  Record(const Energy& e, std::size_t n) : energy_(e), best_(n, {{}, -INFINITY}), curves_(n) {}
  void see(std::size_t start, const ChainState& s) {
    const double fitness = -energy_.energy(s, 0);
    if (fitness > best_[start].fitness) best_[start] = {s.tokens, fitness};
  }
  void end_iteration() {
    for (std::size_t i = 0; i < best_.size(); ++i) curves_[i].push_back(best_[i].fitness);
  }
  // Best first.
  Designs take(Designs d) {
    std::vector<std::size_t> order(best_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return best_[a].fitness > best_[b].fitness; });
    for (std::size_t i : order) {
      d.designs.push_back(std::move(best_[i]));
      d.best.push_back(std::move(curves_[i]));
    }
    return d;
  }

 private:
  const Energy& energy_;
  std::vector<Design> best_;
  std::vector<std::vector<double>> curves_;
};

Status score(const Energy& e, std::span<const Dna> x, Designs& count, std::vector<ChainState>& out) {
  std::vector<Energy::Edit> edits;
  for (const Dna& one : x) edits.push_back({.tail = one});
  count.n_scored += static_cast<std::int64_t>(x.size());
  return e.evaluate(edits, out);
}

Status begin(const Energy& e, std::span<const Dna> starts, Designs& count, Record& record,
             std::vector<ChainState>& states) {
  PONDER_TRY(score(e, starts, count, states));
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (!std::isfinite(e.energy(states[i], 0)))
      return Error{Code::kInvalid, "a start within the constraints", "one that is not", "start " + std::to_string(i),
                   ""};
    record.see(i, states[i]);
  }
  record.end_iteration();
  return {};
}

Status check_end(int steps, const Budget& b) {
  if (steps > 0 || std::isfinite(b.seconds) || b.tokens != std::numeric_limits<std::int64_t>::max()) return {};
  return Error{Code::kInvalid, "a number of steps, or a budget", "neither", "design", ""};
}

// Sequences one letter away from s.
void add_neighbours(const ChainState& s, std::vector<Energy::Edit>& edits) {
  for (int t = 0; t < s.n(); ++t)
    for (Token v = 0; v < kLetters; ++v) {
      if (v == s.tokens[t]) continue;
      edits.push_back({&s, t, {s.tokens.begin() + t, s.tokens.end()}});
      edits.back().tail[0] = v;
    }
}

// Logits z (n, 4) of one start out of parameters: the logits themselves; or, normalised, u of mean 0 and variance 1
// over positions, then scale and offset of each letter.
class Logits {
 public:
  Logits(DnaView start, bool normalise, double rate)
      : n_(start.size() * kLetters), normalise_(normalise), x_(n_ + 2 * kLetters, 0.), adam_(x_.size(), rate) {
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

  // dz: derivative by what z() gave last.
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
      for (std::size_t i = v; i < n_; i += kLetters) g[i] = x_[n_ + v] / deviation_[v] * (dz[i] - mean - u_[i] * along);
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

// The argmax, with no more than the budget's edits: those by the largest margins.
Dna snap(std::span<const double> z, const DnaConstraints& c) {
  Dna x;
  std::vector<std::pair<double, std::size_t>> margins;
  for (std::size_t t = 0; t < c.letters.size(); ++t) {
    Token best = -1;
    for (Token v = 0; v < kLetters; ++v)
      if ((c.letters[t] >> v & 1) && (best < 0 || z[t * kLetters + v] > z[t * kLetters + best])) best = v;
    x.push_back(best);
    if (c.max_edits >= 0 && best != c.start[t])
      margins.emplace_back(z[t * kLetters + best] - z[t * kLetters + c.start[t]], t);
  }
  std::sort(margins.rbegin(), margins.rend());
  for (std::size_t k = static_cast<std::size_t>(std::max(c.max_edits, 0)); k < margins.size(); ++k)
    x[margins[k].second] = c.start[margins[k].second];
  return x;
}

struct Pull {
  double weight;
  TokenRelaxation relaxed;
};
Result<std::vector<Pull>> pulls_of(const Energy& e, const DnaConstraints& c, TokenRelaxation::Kind kind) {
  std::vector<Token> candidates;
  std::vector<double> log_q;
  for (LetterSet set : c.letters)
    for (Token v = 0; v < kLetters; ++v) {
      candidates.push_back(v);
      log_q.push_back(set >> v & 1 ? -std::log(kLetters) : kAbsent);
    }
  std::vector<Pull> pulls;
  for (std::size_t k = 0; k < e.terms().size(); ++k) {
    SoftScore* soft = e.terms()[k]->relaxed();
    const double beta = e.replicas()[0].beta[k];
    if (!soft || beta == 0) continue;
    PONDER_ASSIGN(TokenRelaxation r, TokenRelaxation::make(*soft, candidates, kLetters, kind, log_q));
    pulls.push_back({beta, std::move(r)});
  }
  return pulls;
}

// Scores the snapped sequences that are new.
Status see_snapped(const Energy& e, const DnaConstraints& c, std::span<const std::vector<double>> z,
                   std::vector<Dna>& last, std::vector<double>& fitness, Designs& count, Record& record) {
  std::vector<Dna> fresh;
  std::vector<std::size_t> who;
  for (std::size_t i = 0; i < z.size(); ++i) {
    Dna x = snap(z[i], c);
    if (x == last[i]) continue;
    last[i] = x;
    fresh.push_back(std::move(x));
    who.push_back(i);
  }
  if (fresh.empty()) return {};
  std::vector<ChainState> states;
  PONDER_TRY(score(e, fresh, count, states));
  for (std::size_t k = 0; k < who.size(); ++k) {
    fitness[who[k]] = -e.energy(states[k], 0);
    record.see(who[k], states[k]);
  }
  return {};
}

}  // namespace

Result<Designs> climb(const Energy& e, std::span<const Dna> starts, const Budget& budget) {
  const Clock clock(e.density(), budget);
  Designs out;
  Record record(e, starts.size());
  std::vector<ChainState> now;
  PONDER_TRY(begin(e, starts, out, record, now));
  std::vector<bool> done(starts.size(), false);
  while (std::find(done.begin(), done.end(), false) != done.end() && !clock.over()) {
    for (std::size_t i = 0; i < now.size() && !clock.over(); ++i) {
      if (done[i]) continue;
      std::vector<Energy::Edit> edits;
      add_neighbours(now[i], edits);
      std::vector<ChainState> states;
      PONDER_TRY(e.evaluate(edits, states));
      out.n_scored += static_cast<std::int64_t>(states.size());
      const auto best = std::min_element(states.begin(), states.end(), [&](const ChainState& a, const ChainState& b) {
        return e.energy(a, 0) < e.energy(b, 0);
      });
      done[i] = !(e.energy(*best, 0) < e.energy(now[i], 0));
      if (done[i]) continue;
      now[i] = std::move(*best);
      record.see(i, now[i]);
    }
    record.end_iteration();
  }
  return record.take(std::move(out));
}

Result<Designs> ascend(const Energy& e, const DnaConstraints& c, std::span<const Dna> starts,
                       const DnaAscentConfig& config, const Budget& budget) {
  PONDER_TRY(check_end(config.steps, budget));
  const Clock clock(e.density(), budget);
  Designs out;
  Record record(e, starts.size());
  std::vector<ChainState> states;
  PONDER_TRY(begin(e, starts, out, record, states));
  PONDER_ASSIGN(const std::vector<Pull> pulls, pulls_of(e, c, config.relaxation));
  std::vector<Logits> logits;
  for (const Dna& x : starts) logits.emplace_back(x, config.normalise, config.rate);
  std::vector<Dna> last(starts.size());
  std::vector<double> fitness(starts.size(), 0.);
  double gap = 0;
  std::int64_t n_gaps = 0;
  for (int step = 0; (config.steps == 0 || step < config.steps) && !clock.over(); ++step) {
    const double share = config.steps == 0 ? std::min(clock.spent(), 1.)
                                           : static_cast<double>(step) / std::max(config.steps - 1, 1),
                 tau = config.hot * std::pow(config.cold / config.hot, share);
    std::vector<std::vector<double>> z, dz;
    for (Logits& l : logits) {
      z.push_back(l.z());
      dz.emplace_back(z.back().size(), 0.);
    }
    std::vector<double> relaxed(starts.size(), 0.);
    for (const Pull& p : pulls) {
      std::vector<TokenRelaxation::Value> values;
      PONDER_TRY(p.relaxed.evaluate(z, tau, values));
      for (std::size_t i = 0; i < values.size(); ++i) {
        relaxed[i] += p.weight * values[i].value;
        for (std::size_t j = 0; j < values[i].z.size(); ++j) dz[i][j] += p.weight * values[i].z[j];
      }
    }
    out.n_gradients += static_cast<std::int64_t>(starts.size());
    PONDER_TRY(see_snapped(e, c, z, last, fitness, out, record));
    for (std::size_t i = 0; i < starts.size(); ++i) {
      logits[i].ascend(dz[i]);
      if (std::isfinite(fitness[i])) gap += relaxed[i] - fitness[i], ++n_gaps;
    }
    record.end_iteration();
  }
  out.relaxation_gap = n_gaps > 0 ? gap / static_cast<double>(n_gaps) : 0;
  return record.take(std::move(out));
}

Result<Designs> anneal(const Energy& e, const Kernel& kernel, std::span<const Dna> starts, int steps,
                       std::uint64_t seed, const Budget& budget) {
  PONDER_TRY(check_end(steps, budget));
  const Clock clock(e.density(), budget);
  Designs out;
  Record record(e, starts.size());
  std::vector<ChainState> states;
  PONDER_TRY(begin(e, starts, out, record, states));
  std::vector<StepInfo> infos(kernel.moves().size() * states.size());
  const int n_replicas = static_cast<int>(e.replicas().size());
  std::uint32_t step = 0;
  for (int stage = 1; stage <= n_replicas; ++stage) {
    for (ChainState& s : states) s.replica = stage % n_replicas;  // the coldest, 0, comes last
    const double until = static_cast<double>(stage) / n_replicas;
    for (int k = 0; (steps == 0 ? clock.spent() < until : k < steps) && !clock.over(); ++k, ++step) {
      std::vector<std::unique_ptr<Choices>> owned;
      std::vector<Choices*> choices;
      for (std::size_t i = 0; i < states.size(); ++i)
        choices.push_back(owned.emplace_back(random_choices(seed, static_cast<std::uint32_t>(i), step)).get());
      PONDER_TRY(kernel.step(states, choices, infos));
      for (const StepInfo& info : infos) out.n_scored += info.n_proposed;
      for (std::size_t i = 0; i < states.size(); ++i) record.see(i, states[i]);
      record.end_iteration();
    }
  }
  return record.take(std::move(out));
}

}  // namespace ponder
