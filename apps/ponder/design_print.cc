// What is printed of designs, and their files: FASTA, JSON lines, NetCDF.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "designer.h"
#include "output.h"
#include "ponder/chains.h"
#include "ponder/diagnostics.h"
#include "ponder/files.h"

namespace ponder::app {
namespace {

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

// Fixed decimals, and no sign before what they show as zero.
std::string fixed(double x, int decimals, int width = 0) {
  if (std::abs(x) < 0.5 * std::pow(10, -decimals)) x = 0;
  return fmt::format("{:>{}.{}f}", x, width, decimals);  // ">": fmt puts what is not finite to the left
}

// At most kPoints numbers of a curve, evenly spread, the last one among them, each with its iteration.
Json thinned(const std::vector<double>& curve) {
  constexpr std::size_t kPoints = 100;
  const std::size_t last = curve.size() - 1, n = std::min(curve.size(), kPoints);
  Json out = Json::array();
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = n == 1 ? last : last * k / (n - 1);
    out.push_back({i, curve[i]});
  }
  return out;
}

Json design_json(const Designed& d, const Dna& start) {
  Json j = Json::object();
  if (!d.name.empty()) j["name"] = d.name;
  j["sequence"] = dna_text(d.sequence);
  j["fitness"] = std::isfinite(d.fitness) ? Json(d.fitness) : Json(nullptr);
  if (!std::isnan(d.held_out)) j["held_out"] = d.held_out;
  if (!start.empty()) j["edits"] = edits(d.sequence, start);
  if (d.chain >= 0) j["chain"] = d.chain, j["draw"] = d.draw;
  for (const Place& p : d.places)
    j["places"].push_back({{"motif", p.motif},
                           {"begin", p.begin},
                           {"end", p.end},
                           {"strand", p.is_reverse ? "-" : "+"},
                           {"log_odds", p.odds}});
  return j;
}

// A record's name without what an earlier run has put after it.
std::string without_scores(const std::string& name) {
  std::istringstream in(name);
  std::string out;
  for (std::string word; in >> word;) {
    const bool is_score = word.starts_with("fitness=") || word.starts_with("held_out=") || word.starts_with("edits=");
    if (!is_score) out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

// What is said of a sampler's chains. Too few of them or of their draws are no evidence against them: not judged.
struct Judgement {
  Verdict verdict;
  bool judged = true;
  std::string line() const {
    const std::string word = verdict.converged ? "converged: " : judged ? "not converged: " : "not judged: ";
    return word + verdict.reason + (verdict.advice.empty() ? "" : "; " + verdict.advice);
  }
};

Judgement judgement(const DesignArgs& a, const Trace& t) {
  constexpr int kLeastDraws = 100;  // the verdict asks for an ESS of 100 a chain, which takes about as many draws
  Judgement j{judge(t)};
  const int n_draws = static_cast<int>(t.replies[0].size());
  if (j.verdict.converged) return j;
  if (a.chains < 2) {
    j.judged = false;
  } else if (n_draws < kLeastDraws) {
    j.judged = false;
    j.verdict = {false, fmt::format("too few draws, {} a chain where {} are needed", n_draws, kLeastDraws),
                 a.n < kLeastDraws * a.chains ? fmt::format("give --n {}", kLeastDraws * a.chains)
                                              : "give a longer --budget, or fewer --chains",
                 kLeastDraws};
  }
  return j;
}

// What there is of convergence where there are no chains.
std::string agreement(const std::vector<Designed>& all) {
  double best = -INFINITY;
  for (const Designed& d : all) best = std::max(best, d.fitness);
  const auto near = std::count_if(all.begin(), all.end(), [&](const Designed& d) {
    return d.fitness >= best - 0.01 * std::max(std::abs(best), 1e-3);
  });
  return fmt::format("{} of {} starts came within 1 % of the best", near, all.size());
}

}  // namespace

bool is_fasta(const std::string& path) {
  return path.ends_with(".fa") || path.ends_with(".fasta") || path.ends_with(".fna");
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
    Json j = design_json(d, start);
    if (!d.curve.empty()) j["curve"] = thinned(d.curve);
    lines += j.dump() + "\n";
    std::string name = d.name.empty() ? fmt::format("design_{}", records.size()) : without_scores(d.name);
    name += " fitness=" + fixed(d.fitness, 4);
    if (!std::isnan(d.held_out)) name += " held_out=" + fixed(d.held_out, 4);
    if (!start.empty()) name += fmt::format(" edits={}", edits(d.sequence, start));
    records.push_back({name, dna_text(d.sequence)});
  }
  must(replace_file(a.out, is_fasta(a.out) ? fasta_text(records) : lines));
}

namespace {

struct Totals {
  double fitness = 0, held_out = 0, edits = 0;  // means
  std::size_t n_different = 0;
};

Totals totals_of(const std::vector<Designed>& all, const Dna& start) {
  Totals t;
  const auto n = static_cast<double>(all.size());
  std::set<Dna> different;
  for (const Designed& d : all) {
    t.fitness += d.fitness / n, t.held_out += d.held_out / n;
    if (!start.empty()) t.edits += edits(d.sequence, start) / n;
    different.insert(d.sequence);
  }
  t.n_different = different.size();
  return t;
}

void print_json(const DesignArgs& a, const Outcome& o, const Dna& start) {
  Json list = Json::array();
  for (const Designed& d : o.designs) list.push_back(design_json(d, start));
  Json j{{"designs", std::move(list)},
         {"method", a.method},
         {"kernel", a.kernel},
         {"tau", a.tau},
         {"seed", a.seed},
         {"different", totals_of(o.designs, start).n_different},
         {"diversity", diversity(o.designs)},
         {"scored", o.n_scored},
         {"gradients", o.n_gradients},
         {"seconds", o.seconds}};
  if (o.trace) {
    const Summary s = summarise(o.trace->sample_stats[1].chains);
    const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); };
    j["diagnostics"] = {{"rhat", number(s.rhat)}, {"ess_bulk", number(s.ess_bulk)}};
    const auto [v, judged] = judgement(a, *o.trace);
    j["verdict"] = {{"converged", v.converged}, {"judged", judged}, {"reason", v.reason}, {"advice", v.advice}};
  }
  j["version"] = PONDER_VERSION;
  write_json(j);
}

void print_design(const DesignArgs& a, const Designed& d, const Dna& start) {
  std::string line = fixed(d.fitness, 3, 9);
  if (!a.held_out.empty()) line += "  held out " + fixed(d.held_out, 3, 9);
  if (!start.empty()) line += fmt::format("  {:3d} edits", edits(d.sequence, start));
  line += "  " + dna_text(d.sequence);
  if (!d.name.empty()) line += "  " + one_line(d.name);
  write(line + "\n");
}

}  // namespace

void print_designs(const DesignArgs& a, const Outcome& o, const Dna& start) {
  if (a.json) return print_json(a, o, start);
  const bool given = !a.score.empty();
  auto shown = o.designs;  // given sequences: all, as they are given; designs: the fittest
  if (!given) {
    constexpr std::size_t kShown = 10;
    std::stable_sort(shown.begin(), shown.end(), [](const auto& x, const auto& y) { return x.fitness > y.fitness; });
    shown.resize(std::min(shown.size(), kShown));
  }
  for (const Designed& d : shown) print_design(a, d, start);
  const Totals t = totals_of(o.designs, start);
  std::string line =
      fmt::format("{} {}{}, {} different, mean fitness {}", o.designs.size(), given ? "sequence" : "design",
                  o.designs.size() == 1 ? "" : "s", t.n_different, fixed(t.fitness, 3));
  if (!a.held_out.empty()) line += ", held out " + fixed(t.held_out, 3);
  if (!start.empty()) line += fmt::format(", {:.1f} edits", t.edits);
  write(line + fmt::format(", diversity {:.3f}, {:.1f} s\n", diversity(o.designs), o.seconds));
  if (o.trace)
    write(judgement(a, *o.trace).line() + "\n");
  else if (o.designs.size() > 1 && !given)
    write(agreement(o.designs) + "\n");
  if (!a.out.empty()) write("written to " + a.out + "\n");
}

}  // namespace ponder::app
