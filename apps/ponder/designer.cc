// Chains, optimisers or given sequences; all are scored in one batch at the end.
#include "designer.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/chains.h"
#include "ponder/machine.h"
#include "ponder/model.h"
#include "search/clock.h"

namespace ponder::app {
namespace {

std::vector<Designed> read_sequences(const std::string& path) {
  std::vector<Designed> out;
  for (FastaRecord& r : must(parse_fasta(must(read_all(path)), path)))
    out.push_back({.sequence = must(parse_dna(r.letters, path + ", " + r.name)), .name = std::move(r.name)});
  return out;
}

// Of the sequences of a run: all have it, and --length may only repeat it.
int common_length(const DesignArgs& a, const Dna& start, const std::vector<Designed>& given) {
  const auto n = [](const Dna& x) { return std::to_string(x.size()); };
  const Dna& first = !start.empty() || given.empty() ? start : given[0].sequence;
  const int length = first.empty() ? a.length : static_cast<int>(first.size());
  if (length == 0)
    fail({Code::kInvalid, "the length of the sequences, by --length or --start", "none", "command line", ""});
  if (a.length != 0 && a.length != length)
    fail({Code::kInvalid, "--length " + n(first) + ", as the sequences have, or none", std::to_string(a.length),
          "command line", ""});
  for (const Designed& d : given)
    if (static_cast<int>(d.sequence.size()) != length)
      fail({Code::kInvalid, "sequences of " + std::to_string(length) + " letters",
            n(d.sequence) + " in the record " + d.name, a.score, "score the sequences of each length by themselves"});
  return length;
}

// Exponents of the terms: weight / tau. Annealing goes from hot to tau, replica exchange from hot up to it.
std::vector<Replica> ladder(const DesignArgs& a, const std::vector<double>& weights) {
  constexpr double kHot = 30;  // times tau: nearly flat
  constexpr int kRungs = 12;
  const bool exchange = a.method == "sample" && must(KernelSpec::parse(a.kernel)).wants_ladder();
  const int n = exchange || a.method == "anneal" ? kRungs : 1;
  std::vector<Replica> all;
  for (int r = 0; r < n; ++r) {
    const double share = n == 1 ? 1 : static_cast<double>(r) / (n - 1), tau = a.tau * std::pow(kHot, 1 - share);
    Replica replica;
    for (double w : weights) replica.beta.push_back(w / tau);
    replica.beta.push_back(1);
    all.push_back(std::move(replica));
  }
  if (a.method == "anneal") std::rotate(all.begin(), all.end() - 1, all.end());  // the coldest is replica 0
  return all;
}

}  // namespace

Designer::Designer(const DesignArgs& a) : a_(a) {
  if (!a.start.empty()) start_ = read_sequences(a.start)[0].sequence;
  if (!a.score.empty()) given_ = read_sequences(a.score);
  const int length = common_length(a, start_, given_);
  if (a.max_edits >= 0 && start_.empty())
    fail({Code::kInvalid, "--start with --max-edits", "none", "command line", ""});
  const int n_threads = a.threads ? a.threads : available_threads();
  fitness_ = read_fitness(a.fitness, start_, length, a.max_edits, n_threads);
  if (!a.held_out.empty()) held_out_ = oracle_of(a.held_out, length, n_threads);
  density_ = must(DnaDensity::make(fitness_.constraints.letters));
  const ReplyLaw law = must(ReplyLaw::make({.target = Target::kFixed, .horizon = length}, kLetters, {}));
  std::vector<std::unique_ptr<Term>> terms = std::move(fitness_.terms);
  terms.push_back(make_constraint_term(fitness_.constraints));
  energy_ = must(Energy::make(*density_, density_->root(), law, ladder(a, fitness_.weights), std::move(terms)));
}

std::vector<Dna> Designer::starts(int n) const {
  std::vector<Dna> out;
  for (int k = 0; k < n; ++k) {
    const auto choices = random_choices(a_.seed, static_cast<std::uint32_t>(k), UINT32_MAX);
    out.push_back(must(draw_allowed(fitness_.constraints, [&] { return choices->uniform(); })));
  }
  return out;
}

std::vector<Designed> Designer::sample(Outcome& out) {
  const auto kernel = must(make_kernel(a_.kernel, *energy_));
  const int chains = std::min(a_.chains, a_.n), draws = (a_.n + chains - 1) / chains;
  const ChainsConfig config{.chains = chains, .warmup = a_.warmup, .thin = a_.thin, .seed = a_.seed};
  Chains run = must(Chains::start(*energy_, *kernel, config, start_, starts(chains)));
  const Budget budget = must(a_.budget.budget());
  const Clock clock(*density_, budget);
  while (run.n_draws() < draws && !clock.over()) must(run.step());
  if (run.n_draws() == 0)
    fail({Code::kResource, "at least one draw", "a run that was stopped in its warm-up", "ponder design",
          "give it more time, or fewer --warmup steps"});
  std::vector<Designed> all;
  for (int d = 0; d < run.n_draws(); ++d)
    for (int c = 0; c < chains && static_cast<int>(all.size()) < a_.n; ++c)
      all.push_back({.sequence = run.trace().replies[c][d], .chain = c, .draw = d});
  out.trace = run.trace();
  return all;
}

// Where optimisers begin: at --start if it keeps the constraints, and at random.
std::vector<Dna> Designer::first_ones() const {
  std::vector<Dna> from = starts(a_.n);
  if (start_.empty()) return from;
  std::vector<ChainState> state;
  const Energy::Edit edit{.tail = start_};
  must(energy_->evaluate({&edit, 1}, state));
  if (std::isfinite(energy_->energy(state[0], 0))) from[0] = start_;
  return from;
}

std::vector<Designed> Designer::optimise(Outcome& out) {
  if (a_.method == "exact") {
    if (!fitness_.is_exact)
      fail({Code::kUnsupported, "a fitness of best motifs and similarity for --method exact", "other terms", a_.fitness,
            "use --method anneal"});
    return {{.sequence = must(exact_optimum(fitness_.constraints, fitness_.exact)).sequence}};
  }
  constexpr int kSteps = 300;
  const std::vector<Dna> from = first_ones();
  const Budget budget = must(a_.budget.budget());
  const int steps = a_.steps > 0 ? a_.steps : a_.budget.text.empty() ? kSteps : 0;
  Designs d;
  if (a_.method == "neighbours") {
    d = must(climb(*energy_, from, budget));
  } else if (a_.method == "anneal") {
    d = must(anneal(*energy_, *must(make_kernel(a_.kernel, *energy_)), from, steps, a_.seed, budget));
  } else {
    DnaAscentConfig config{.steps = steps, .seed = a_.seed};
    if (a_.method == "ascent")
      config = {.relaxation = TokenRelaxation::Kind::kSoftmax, .steps = steps, .rate = 0.1, .hot = 2, .cold = 0.1};
    d = must(ascend(*energy_, fitness_.constraints, from, config, budget));
  }
  out.n_scored = d.n_scored;
  out.n_gradients = d.n_gradients;
  // The energy has the density's log-probability and the temperature in it.
  double offset = 0;
  for (LetterSet set : fitness_.constraints.letters) offset += std::log(std::popcount(set));
  std::vector<Designed> all;
  for (std::size_t i = 0; i < d.designs.size(); ++i) {
    for (double& v : d.best[i]) v = (v + offset) * a_.tau;
    all.push_back({.sequence = std::move(d.designs[i].sequence), .curve = std::move(d.best[i])});
  }
  return all;
}

Outcome Designer::scored(std::vector<Designed> all, Outcome out) const {
  std::vector<Energy::Edit> edits;
  std::vector<Dna> sequences;
  for (const Designed& d : all) {
    edits.push_back({.tail = d.sequence});
    sequences.push_back(d.sequence);
  }
  std::vector<ChainState> states;
  must(energy_->evaluate(edits, states));
  std::vector<double> other;
  if (held_out_) must(held_out_->score(sequences, other));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t k = 0; k < fitness_.weights.size(); ++k)
      all[i].fitness += fitness_.weights[k] * states[i].terms[k];
    if (!states[i].supported || std::isinf(states[i].terms.back()))
      all[i].fitness = -INFINITY;  // against the constraints
    if (held_out_) all[i].held_out = other[i];
    for (const NamedMotif& m : fitness_.motifs) {
      const MotifPlace p = best_place(m.match, all[i].sequence);
      all[i].places.push_back({m.name, p.begin, p.begin + static_cast<int>(m.match.odds.size()), p.is_reverse, p.odds});
    }
  }
  out.designs = std::move(all);
  return out;
}

Outcome Designer::run() {
  work_begins();
  const auto begin = std::chrono::steady_clock::now();
  Outcome out;
  std::vector<Designed> all = std::move(given_);
  if (all.empty()) all = a_.method == "sample" ? sample(out) : optimise(out);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return scored(std::move(all), std::move(out));
}

}  // namespace ponder::app
