// design(): gets designs from chains, from optimisers, or as given sequences, and scores them all
// in one batch at the end.
#include "ponder/session/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>
#include <memory>

#include "ponder/core/machine.h"
#include "search/clock.h"
#include "session/design_answer.h"
#include "session/design_request.h"
#include "session/fitness.h"

namespace ponder {
namespace {

using Designed = DesignAnswer::Designed;

// Reads the kernel of a method that has one.
Result<KernelSpec> kernel_of(const DesignRequest& r) {
  const bool anneals = r.method == DesignMethod::kAnneal;
  if (!anneals && r.method != DesignMethod::kSample) return KernelSpec();
  PONDER_ASSIGN(const KernelSpec kernel, KernelSpec::parse(r.kernel));
  if (anneals && kernel.wants_ladder())
    return Error{Code::kInvalid, "a kernel without exchange for annealing", r.kernel, "--kernel",
                 "chains that are annealed have no replicas to exchange with; use --method sample"};
  return kernel;
}

// The replicas: each has the exponents weight / tau. Annealing cools from kHot tau to tau; replica
// exchange has replicas from kHot tau to tau.
std::vector<Replica> ladder(const DesignRequest& r, const KernelSpec& kernel,
                            const std::vector<double>& weights) {
  constexpr double kHot = 30;  // times tau: the law is nearly flat
  constexpr int kRungs = 12;
  const bool anneals = r.method == DesignMethod::kAnneal;
  const int n = anneals || kernel.wants_ladder() ? kRungs : 1;
  std::vector<Replica> all;
  for (int k = 0; k < n; ++k) {
    const double share = n == 1 ? 1 : static_cast<double>(k) / (n - 1),
                 tau = r.tau * std::pow(kHot, 1 - share);
    Replica replica;
    for (double w : weights) replica.beta.push_back(w / tau);
    replica.beta.push_back(1);
    all.push_back(std::move(replica));
  }
  // For annealing, the coldest replica must be replica 0.
  if (anneals) std::rotate(all.begin(), all.end() - 1, all.end());
  return all;
}

bool is_limited(const Budget& b) {
  return std::isfinite(b.seconds) || b.tokens != std::numeric_limits<std::int64_t>::max();
}

// The energy of a request, and the methods that find designs.
class Designer {
 public:
  static Result<std::unique_ptr<Designer>> make(const DesignRequest&);
  Result<DesignAnswer> run();
  const std::vector<std::string>& warnings() const { return fitness_.warnings; }

 private:
  explicit Designer(const DesignRequest& r) : r_(r) {}
  Result<std::vector<dna::Sequence>> starts(int n) const;
  Result<std::vector<dna::Sequence>> optimiser_starts() const;
  Status sample(DesignAnswer&) const;
  Status optimise(DesignAnswer&) const;
  Status exact(DesignAnswer&) const;
  Result<dna::Designs> climbed(const std::vector<dna::Sequence>& from) const;
  Status score(std::vector<Designed>&) const;
  Status judge(std::vector<Designed>&) const;
  void place(std::vector<Designed>&) const;

  const DesignRequest& r_;
  Fitness fitness_;
  KernelSpec kernel_;
  std::shared_ptr<Term> held_out_;
  std::optional<dna::SequenceDensity> density_;  // the energy refers to it
  std::optional<Energy> energy_;
};

Result<std::unique_ptr<Designer>> Designer::make(const DesignRequest& r) {
  PONDER_ASSIGN(const int length, design_length(r));
  if (r.max_edits >= 0 && r.start.empty())
    return Error{Code::kInvalid, "--start with --max-edits", "none", "command line", ""};
  const int n_threads = r.threads ? r.threads : available_threads();
  std::unique_ptr<Designer> d(new Designer(r));
  PONDER_ASSIGN(d->fitness_, make_fitness(r.fitness, r.start, length, r.max_edits, n_threads));
  d->held_out_ = r.judge;
  if (!r.held_out.empty()) {
    PONDER_ASSIGN(d->held_out_, open_oracle(r.held_out, length, n_threads));
  }
  PONDER_ASSIGN(d->density_, dna::SequenceDensity::make(d->fitness_.constraints.letters));
  PONDER_ASSIGN(const ReplyLaw law,
                ReplyLaw::make({.target = Target::kFixed, .horizon = length}, dna::kLetters, {}));
  std::vector<std::unique_ptr<Term>> terms = std::move(d->fitness_.terms);
  terms.push_back(dna::make_constraint_term(d->fitness_.constraints));
  PONDER_ASSIGN(d->kernel_, kernel_of(r));
  PONDER_ASSIGN(d->energy_,
                Energy::make(*d->density_, d->density_->root(), law,
                             ladder(r, d->kernel_, d->fitness_.weights), std::move(terms)));
  return d;
}

Result<std::vector<dna::Sequence>> Designer::starts(int n) const {
  std::vector<dna::Sequence> out;
  for (int k = 0; k < n; ++k) {
    const auto choices = random_choices(r_.seed, static_cast<std::uint32_t>(k), UINT32_MAX);
    PONDER_ASSIGN(dna::Sequence x,
                  dna::draw_allowed(fitness_.constraints, [&] { return choices->uniform(); }));
    out.push_back(std::move(x));
  }
  return out;
}

Status Designer::sample(DesignAnswer& a) const {
  constexpr std::size_t kFirstTerm = 2;  // column of a trace, after logprob and distance
  PONDER_ASSIGN(const auto kernel, kernel_.make(*energy_));
  const int chains = std::min(r_.chains, r_.n), draws = (r_.n + chains - 1) / chains;
  const ChainsConfig config{
      .chains = chains, .warmup = r_.warmup, .thin = r_.thin, .seed = r_.seed};
  PONDER_ASSIGN(const auto from, starts(chains));
  PONDER_ASSIGN(Chains run, Chains::start(*energy_, *kernel, config, r_.start, from));
  const Clock clock(*density_, r_.budget);
  while (run.n_draws() < draws && !clock.over()) {
    Status step = run.step();
    if (!step.ok() && (!r_.budget.stopped() || run.n_draws() == 0)) return step;
  }
  if (run.n_draws() == 0)
    return Error{Code::kResource, "at least one draw", "a run that was stopped in its warm-up",
                 "ponder design", "give it more time, or fewer --warmup steps"};
  for (int d = 0; d < run.n_draws(); ++d)
    for (int c = 0; c < chains && static_cast<int>(a.designs.size()) < r_.n; ++c) {
      Designed& x = a.designs.emplace_back();
      x.sequence = run.trace().replies[c][d];
      x.chain = c, x.draw = d;
      for (std::size_t k = 0; k < fitness_.weights.size(); ++k)
        x.fitness += fitness_.weights[k] * run.trace().posterior[kFirstTerm + k].chains[c][d];
    }
  a.trace = run.trace();
  return {};
}

// The sequences at which optimisers begin: the first is r_.start if it satisfies the constraints,
// the others are random.
Result<std::vector<dna::Sequence>> Designer::optimiser_starts() const {
  PONDER_ASSIGN(std::vector<dna::Sequence> from, starts(r_.n));
  if (r_.start.empty()) return from;
  std::vector<ChainState> state;
  const Energy::Edit edit{.tail = r_.start};
  PONDER_TRY(energy_->evaluate({&edit, 1}, state));
  if (std::isfinite(energy_->energy(state[0], 0))) from[0] = r_.start;
  return from;
}

Status Designer::exact(DesignAnswer& a) const {
  if (!fitness_.is_exact)
    return Error{Code::kUnsupported, "a fitness of best motifs and similarity for --method exact",
                 "other terms", r_.fitness_source, "use --method anneal"};
  PONDER_ASSIGN(dna::Design best, dna::exact_optimum(fitness_.constraints, fitness_.exact));
  a.designs.emplace_back().sequence = std::move(best.sequence);
  return {};
}

Result<dna::Designs> Designer::climbed(const std::vector<dna::Sequence>& from) const {
  constexpr int kSteps = 300;
  const int steps = r_.steps > 0 || is_limited(r_.budget) ? r_.steps : kSteps;
  if (r_.method == DesignMethod::kNeighbours) return dna::climb(*energy_, from, r_.budget);
  if (r_.method == DesignMethod::kAnneal) {
    PONDER_ASSIGN(const auto kernel, kernel_.make(*energy_));
    return dna::anneal(*energy_, *kernel, from, steps, r_.seed, r_.budget);
  }
  dna::DnaAscentConfig config{.steps = steps, .seed = r_.seed};
  if (r_.method == DesignMethod::kAscent)
    config = {.relaxation = TokenRelaxation::Kind::kSoftmax,
              .steps = steps,
              .rate = 0.1,
              .hot = 2,
              .cold = 0.1};
  return ascend(*energy_, fitness_.constraints, from, config, r_.budget);
}

Status Designer::optimise(DesignAnswer& a) const {
  PONDER_ASSIGN(const std::vector<dna::Sequence> from, optimiser_starts());
  PONDER_ASSIGN(dna::Designs d, climbed(from));
  a.n_scored = d.n_scored;
  a.n_gradients = d.n_gradients;
  // The energy contains the density's log-probability and the temperature; both are removed here.
  double offset = 0;
  for (dna::LetterSet set : fitness_.constraints.letters) offset += std::log(std::popcount(set));
  for (std::size_t i = 0; i < d.designs.size(); ++i) {
    for (double& v : d.best[i]) v = (v + offset) * r_.tau;
    Designed& x = a.designs.emplace_back();
    x.sequence = std::move(d.designs[i].sequence);
    x.fitness = (d.designs[i].fitness + offset) * r_.tau;
    x.curve = std::move(d.best[i]);
  }
  return {};
}

// The fitness of sequences in one batch.
Status Designer::score(std::vector<Designed>& all) const {
  std::vector<Energy::Edit> edits;
  for (const Designed& d : all) edits.push_back({.tail = d.sequence});
  std::vector<ChainState> states;
  PONDER_TRY(energy_->evaluate(edits, states));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].fitness = 0;
    for (std::size_t k = 0; k < fitness_.weights.size(); ++k)
      all[i].fitness += fitness_.weights[k] * states[i].terms[k];
    if (!states[i].supported || std::isinf(states[i].terms.back()))
      all[i].fitness = -INFINITY;  // violates a constraint
  }
  return {};
}

Status Designer::judge(std::vector<Designed>& all) const {
  if (!held_out_) return {};
  std::vector<dna::SequenceView> sequences;
  for (const Designed& d : all) sequences.emplace_back(d.sequence);
  std::vector<double> values(all.size());
  PONDER_TRY(held_out_->evaluate(sequences, values));
  for (std::size_t i = 0; i < all.size(); ++i) all[i].held_out = values[i];
  return {};
}

// Where the motifs fit the designs best.
void Designer::place(std::vector<Designed>& all) const {
  for (Designed& d : all)
    for (const NamedMotif& m : fitness_.motifs) {
      const dna::MotifPlace p = dna::best_place(m.match, d.sequence);
      d.places.push_back(
          {m.name, p.begin, p.begin + static_cast<int>(m.match.odds.size()), p.is_reverse, p.odds});
    }
}

Result<DesignAnswer> Designer::run() {
  const auto begin = std::chrono::steady_clock::now();
  DesignAnswer a;
  a.warnings = fitness_.warnings;
  for (const NamedDna& x : r_.given) a.designs.emplace_back(Designed{x});
  if (a.designs.empty())
    PONDER_TRY(r_.method == DesignMethod::kSample  ? sample(a)
               : r_.method == DesignMethod::kExact ? exact(a)
                                                   : optimise(a));
  a.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (const auto part : {&Designer::score, &Designer::judge}) {
    // A search that was stopped where a term fails has told the fitness of its designs.
    const Status s = (this->*part)(a.designs);
    if (!s.ok() && (!r_.budget.stopped() || !r_.given.empty())) return s.error();
  }
  place(a.designs);
  sum_up(r_, a);
  return a;
}

}  // namespace

Result<DesignAnswer> design(const DesignRequest& r) {
  PONDER_TRY(check_design(r));
  PONDER_ASSIGN(const auto designer, Designer::make(r));
  if (r.on_warning)
    for (const std::string& w : designer->warnings()) r.on_warning(w);
  return designer->run();
}

}  // namespace ponder
