// ponder design: DNA sequences for a fitness, drawn in proportion to exp(fitness / tau), or the best ones.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <thread>

#include "design_fitness.h"
#include "io/netcdf.h"
#include "io/replace_file.h"
#include "output.h"
#include "ponder/chains.h"
#include "ponder/diagnostics.h"
#include "search/clock.h"

namespace ponder::app {
namespace {

struct DesignArgs {
  BudgetArgs budget{""};
  std::string fitness, start, score, held_out, out, method = "sample", kernel = "gwg";
  int length = 0, n = 100, max_edits = -1, chains = 16, warmup = 300, thin = 10, steps = 300, threads = 0;
  double tau = 1;
  std::uint64_t seed = 0;
  bool json = false;
};

struct Designed {
  Dna sequence;
  double fitness = 0, held_out = NAN;
};
struct Outcome {
  std::vector<Designed> designs{};
  std::optional<Trace> trace{};  // of a sampler
  std::int64_t n_scored = 0, n_gradients = 0;
  double seconds = 0;
};

class Designer {
 public:
  explicit Designer(const DesignArgs& a);
  Outcome run();

 private:
  std::vector<Dna> starts(int n) const;
  std::vector<Dna> sample(Outcome&);
  std::vector<Dna> optimise(Outcome&);
  Outcome scored(const std::vector<Dna>&, Outcome) const;

  const DesignArgs& a_;
  Dna start_;
  std::vector<Dna> given_;  // --score
  Fitness fitness_;
  std::unique_ptr<DnaTerm> held_out_;
  std::optional<DnaDensity> density_;
  std::optional<Energy> energy_;

 public:
  const Dna& start() const { return start_; }
};

std::vector<Dna> read_sequences(const std::string& path) {
  std::vector<Dna> out;
  for (const FastaRecord& r : must(parse_fasta(read_all(path), path)))
    out.push_back(must(parse_dna(r.letters, path + ", " + r.name)));
  return out;
}

// Exponents of the terms: weight / tau. Annealing goes from hot to tau, replica exchange from hot up to it.
std::vector<Replica> ladder(const DesignArgs& a, const std::vector<double>& weights) {
  constexpr double kHot = 30;  // times tau: nearly flat
  constexpr int kRungs = 12;
  const bool exchange = a.kernel.find("exchange") != std::string::npos && a.method == "sample";
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

Designer::Designer(const DesignArgs& a) : a_(a) {
  if (!a.start.empty()) start_ = read_sequences(a.start)[0];
  if (!a.score.empty()) given_ = read_sequences(a.score);
  const int length = !start_.empty()   ? static_cast<int>(start_.size())
                     : !given_.empty() ? static_cast<int>(given_[0].size())
                                       : a.length;
  if (length == 0 || (a.length != 0 && a.length != length))
    fail({Code::kInvalid, "the length of the sequences, by --length or --start", a.length ? "two lengths" : "none",
          "command line", ""});
  for (const Dna& x : given_)
    if (static_cast<int>(x.size()) != length)
      fail({Code::kInvalid, "sequences of " + std::to_string(length) + " letters", std::to_string(x.size()), a.score,
            ""});
  if (a.max_edits >= 0 && start_.empty())
    fail({Code::kInvalid, "--start with --max-edits", "none", "command line", ""});
  const int n_threads = a.threads ? a.threads : static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u));
  fitness_ = read_fitness(a.fitness, start_, length, a.max_edits, n_threads);
  if (!a.held_out.empty()) held_out_ = oracle_of(a.held_out, length, n_threads);
  density_ = must(DnaDensity::make(fitness_.constraints.letters));
  const ReplyLaw law = must(ReplyLaw::make({.target = Target::kFixed, .horizon = length}, kLetters, {}));
  std::vector<std::unique_ptr<Term>> terms = std::move(fitness_.terms);
  terms.push_back(make_constraint_term(fitness_.constraints));
  energy_ = must(Energy::make(*density_, 0, law, ladder(a, fitness_.weights), std::move(terms)));
}

std::vector<Dna> Designer::starts(int n) const {
  std::vector<Dna> out;
  for (int k = 0; k < n; ++k) {
    const auto choices = random_choices(a_.seed, static_cast<std::uint32_t>(k), UINT32_MAX);
    out.push_back(must(draw_allowed(fitness_.constraints, [&] { return choices->uniform(); })));
  }
  return out;
}

std::vector<Dna> Designer::sample(Outcome& out) {
  const auto kernel = must(make_kernel(a_.kernel, *energy_));
  const int chains = std::min(a_.chains, a_.n), draws = (a_.n + chains - 1) / chains;
  const ChainsConfig config{.chains = chains, .warmup = a_.warmup, .thin = a_.thin, .seed = a_.seed};
  Chains run = must(Chains::start(*energy_, *kernel, config, start_, starts(chains)));
  const Budget budget = a_.budget.budget();
  const Clock clock(*density_, budget);
  while (run.n_draws() < draws && !clock.over()) must(run.step());
  if (run.n_draws() == 0)
    fail({Code::kResource, "at least one draw", "a run that was stopped in its warm-up", "ponder design",
          "give it more time, or fewer --warmup steps"});
  std::vector<Dna> all;
  for (int d = 0; d < run.n_draws(); ++d)
    for (int c = 0; c < chains && static_cast<int>(all.size()) < a_.n; ++c) all.push_back(run.trace().replies[c][d]);
  out.trace = run.trace();
  return all;
}

std::vector<Dna> Designer::optimise(Outcome& out) {
  if (a_.method == "exact") {
    if (!fitness_.is_exact)
      fail({Code::kUnsupported, "a fitness of best motifs and similarity for --method exact", "other terms", a_.fitness,
            "use --method anneal"});
    return {must(exact_optimum(fitness_.constraints, fitness_.exact)).sequence};
  }
  const std::vector<Dna> from = starts(a_.n);
  const Budget budget = a_.budget.budget();
  Designs d;
  if (a_.method == "neighbours") {
    d = must(climb(*energy_, from, budget));
  } else if (a_.method == "anneal") {
    d = must(anneal(*energy_, *must(make_kernel(a_.kernel, *energy_)), from, a_.steps, a_.seed, budget));
  } else {
    const auto kind = a_.method == "ascent" ? TokenRelaxation::Kind::kSoftmax : TokenRelaxation::Kind::kStraightThrough;
    d = must(ascend(*energy_, fitness_.constraints, from, {.relaxation = kind, .steps = a_.steps}, budget));
  }
  out.n_scored = d.n_scored;
  out.n_gradients = d.n_gradients;
  std::vector<Dna> all;
  for (Design& one : d.designs) all.push_back(std::move(one.sequence));
  return all;
}

Outcome Designer::scored(const std::vector<Dna>& all, Outcome out) const {
  std::vector<Energy::Edit> edits;
  for (const Dna& x : all) edits.push_back({.tail = x});
  std::vector<ChainState> states;
  must(energy_->evaluate(edits, states));
  std::vector<double> other;
  if (held_out_) must(held_out_->score(all, other));
  for (std::size_t i = 0; i < all.size(); ++i) {
    Designed d{.sequence = all[i]};
    for (std::size_t k = 0; k < fitness_.weights.size(); ++k) d.fitness += fitness_.weights[k] * states[i].terms[k];
    if (!states[i].supported || std::isinf(states[i].terms.back())) d.fitness = -INFINITY;  // against the constraints
    if (held_out_) d.held_out = other[i];
    out.designs.push_back(std::move(d));
  }
  return out;
}

Outcome Designer::run() {
  const auto begin = std::chrono::steady_clock::now();
  Outcome out;
  const std::vector<Dna> all = !given_.empty() ? given_ : a_.method == "sample" ? sample(out) : optimise(out);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return scored(all, std::move(out));
}

int edits(const Dna& x, const Dna& y) {
  int n = 0;
  for (std::size_t t = 0; t < x.size(); ++t) n += x[t] != y[t];
  return n;
}

// Mean share of positions at which two designs differ.
double diversity(const std::vector<Designed>& all) {
  double sum = 0;
  std::int64_t n = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j, ++n) sum += edits(all[i].sequence, all[j].sequence);
  return n ? sum / static_cast<double>(n) / static_cast<double>(all[0].sequence.size()) : 0;
}

Json design_json(const Designed& d, const Dna& start) {
  Json j{{"sequence", dna_text(d.sequence)}};
  j["fitness"] = std::isfinite(d.fitness) ? Json(d.fitness) : Json(nullptr);
  if (!std::isnan(d.held_out)) j["held_out"] = d.held_out;
  if (!start.empty()) j["edits"] = edits(d.sequence, start);
  return j;
}

void write_designs(const DesignArgs& a, const Outcome& o, const Dna& start) {
  if (a.out.ends_with(".nc")) {
    Trace t = *o.trace;
    t.attributes = {{"inference_library", "ponder"},
                    {"inference_library_version", PONDER_VERSION},
                    {"kernel", a.kernel},
                    {"tau", a.tau},
                    {"seed", a.seed},
                    {"sampling_time", o.seconds}};
    return must(write_netcdf(t, a.out));
  }
  std::string lines;
  std::vector<FastaRecord> records;
  for (const Designed& d : o.designs) {
    lines += design_json(d, start).dump() + "\n";
    std::string name = fmt::format("design_{} fitness={:.4f}", records.size(), d.fitness);
    if (!std::isnan(d.held_out)) name += fmt::format(" held_out={:.4f}", d.held_out);
    if (!start.empty()) name += fmt::format(" edits={}", edits(d.sequence, start));
    records.push_back({name, dna_text(d.sequence)});
  }
  must(replace_file(a.out, a.out.ends_with(".fa") ? fasta_text(records) : lines));
}

void print(const DesignArgs& a, const Outcome& o, const Dna& start) {
  double mean = 0, held_out = 0, changed = 0;
  const auto n = static_cast<double>(o.designs.size());
  std::set<Dna> different;
  Json list = Json::array();
  for (const Designed& d : o.designs) {
    mean += d.fitness / n, held_out += d.held_out / n;
    if (!start.empty()) changed += edits(d.sequence, start) / n;
    different.insert(d.sequence);
    list.push_back(design_json(d, start));
  }
  const bool judged = o.trace.has_value();
  const Verdict v = judged ? judge(*o.trace) : Verdict{};
  if (a.json) {
    Json j{{"designs", std::move(list)},
           {"method", a.method},
           {"kernel", a.kernel},
           {"tau", a.tau},
           {"seed", a.seed},
           {"different", different.size()},
           {"diversity", diversity(o.designs)},
           {"scored", o.n_scored},
           {"gradients", o.n_gradients},
           {"seconds", o.seconds}};
    if (judged) {
      const Summary s = summarise(o.trace->sample_stats[1].chains);
      const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); };
      j["diagnostics"] = {{"rhat", number(s.rhat)}, {"ess_bulk", number(s.ess_bulk)}};
      j["verdict"] = {{"converged", v.converged}, {"reason", v.reason}, {"advice", v.advice}};
    }
    j["version"] = PONDER_VERSION;
    return write_line(j);
  }
  auto best = o.designs;
  std::stable_sort(best.begin(), best.end(), [](const auto& x, const auto& y) { return x.fitness > y.fitness; });
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < std::min(best.size(), kShown); ++i) {
    std::string line = fmt::format("{:9.3f}", best[i].fitness);
    if (!a.held_out.empty()) line += fmt::format("  held out {:9.3f}", best[i].held_out);
    if (!start.empty()) line += fmt::format("  {:3d} edits", edits(best[i].sequence, start));
    write(line + "  " + dna_text(best[i].sequence) + "\n");
  }
  std::string line =
      fmt::format("{} designs, {} different, mean fitness {:.3f}", o.designs.size(), different.size(), mean);
  if (!a.held_out.empty()) line += fmt::format(", held out {:.3f}", held_out);
  if (!start.empty()) line += fmt::format(", {:.1f} edits", changed);
  write(line + fmt::format(", diversity {:.3f}, {:.1f} s\n", diversity(o.designs), o.seconds));
  if (judged) write((v.converged ? "converged: " : "not converged: ") + v.reason + "\n");
  if (!a.out.empty()) write("written to " + a.out + "\n");
}

int run_design(const DesignArgs& a) {
  if (!a.out.empty()) {
    if (!a.out.ends_with(".fa") && !a.out.ends_with(".jsonl") && !a.out.ends_with(".nc"))
      fail({Code::kInvalid, "a file name that ends in .fa, .jsonl or .nc", a.out, "--out", ""});
    if (a.out.ends_with(".nc") && (a.method != "sample" || !a.score.empty()))
      fail({Code::kInvalid, "--method sample for a trace", a.method, "--out", "use .fa or .jsonl"});
    must(check_replaceable(a.out));
  }
  Designer designer(a);
  const Outcome o = designer.run();
  if (!a.out.empty()) write_designs(a, o, designer.start());
  print(a, o, designer.start());
  return 0;
}

}  // namespace

Run add_design(CLI::App& app) {
  auto a = std::make_shared<DesignArgs>();
  app.add_option("--fitness", a->fitness, "JSON file: terms with weights, and constraints (docs/dna.md)")->required();
  app.add_option("--length", a->length, "letters of a design")->check(CLI::Range(1, 100000));
  app.add_option("--start", a->start, "FASTA file: the sequence that edits are counted from (its first record)");
  app.add_option("--score", a->score, "FASTA file: no designs, the fitness of these sequences");
  app.add_option("-n,--n", a->n, "designs")->check(CLI::Range(1, 1000000));
  app.add_option("--max-edits", a->max_edits, "most positions that differ from the start")->check(CLI::Range(0, 65535));
  app.add_option(
         "--method", a->method,
         "sample: in proportion to exp(fitness/tau); the best: anneal, ascent, straight-through, neighbours, exact")
      ->check(CLI::IsMember({"sample", "anneal", "ascent", "straight-through", "neighbours", "exact"}));
  app.add_option("--kernel", a->kernel,
                 "what moves the chains: gwg, pafs, dmala, gibbs, hmc-token:force=1, exchange+gwg, …");
  app.add_option("--tau", a->tau, "temperature of the fitness")->check(CLI::Range(1e-6, 1e6));
  app.add_option("--chains", a->chains, "chains side by side")->check(CLI::Range(1, 100000));
  app.add_option("--warmup", a->warmup, "steps before the first draw")->check(CLI::Range(0, 100000000));
  app.add_option("--thin", a->thin, "steps a draw")->check(CLI::Range(1, 1000000));
  app.add_option("--steps", a->steps, "steps of ascent, or of annealing at each of 12 temperatures")
      ->check(CLI::Range(1, 100000000));
  app.add_option("--held-out", a->held_out, "oracle that only judges the designs");
  app.add_option("-s,--seed", a->seed, "seed of the draws");
  app.add_option("-t,--threads", a->threads, "threads of an oracle")->check(CLI::Range(1, 1024));
  app.add_option("--out", a->out, "file of the designs: .fa, .jsonl, or .nc (the trace, for ArviZ)");
  app.add_flag("--json", a->json, "print one JSON object");
  a->budget.add(app);
  app.footer(
      "Example:\n  ponder design --fitness F.json --length 120 --n 20 --method anneal --tau 0.1 --out designs.fa");
  return [a] { return run_design(*a); };
}

}  // namespace ponder::app
