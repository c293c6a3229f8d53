// DesignAnswer: totals of designs, the verdict on their chains, names of methods, FASTA.
#include "session/design_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "ponder/core/version.h"

namespace ponder {
namespace {

using Designed = DesignAnswer::Designed;
using enum DesignMethod;

constexpr std::array kMethods{
    std::pair{kSample, "sample"},         std::pair{kAnneal, "anneal"},
    std::pair{kAscent, "ascent"},         std::pair{kStraightThrough, "straight-through"},
    std::pair{kNeighbours, "neighbours"}, std::pair{kExact, "exact"}};

int edits(const dna::Sequence& x, const dna::Sequence& y) {
  int n = 0;
  for (std::size_t t = 0; t < x.size(); ++t) n += x[t] != y[t];
  return n;
}

// The mean share of positions at which two designs differ. At each position, that is the number of
// all pairs minus the pairs with the same letter.
double diversity(const std::vector<Designed>& all) {
  const auto pairs = [](std::int64_t n) { return n * (n - 1) / 2; };
  const std::int64_t n_pairs = pairs(static_cast<std::int64_t>(all.size()));
  if (n_pairs == 0) return 0;
  const std::size_t length = all[0].sequence.size();
  std::int64_t n = 0;
  for (std::size_t t = 0; t < length; ++t) {
    std::array<std::int64_t, dna::kLetters> count{};
    for (const Designed& d : all) ++count[static_cast<std::size_t>(d.sequence[t])];
    n += n_pairs;
    for (const std::int64_t c : count) n -= pairs(c);
  }
  return static_cast<double>(n) / static_cast<double>(n_pairs) / static_cast<double>(length);
}

DesignAnswer::Totals totals(const std::vector<Designed>& all) {
  DesignAnswer::Totals t;
  const auto n = static_cast<double>(all.size());
  double best = -INFINITY;
  std::set<dna::Sequence> different;
  for (const Designed& d : all) {
    t.fitness += d.fitness / n, t.held_out += d.held_out / n;
    if (d.edits) t.edits += *d.edits / n;
    best = std::max(best, d.fitness);
    different.insert(d.sequence);
  }
  t.n_different = different.size();
  t.n_near_best =
      static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Designed& d) {
        return d.fitness >= best - 0.01 * std::max(std::abs(best), 1e-3);
      }));
  t.diversity = diversity(all);
  return t;
}

DesignAnswer::Convergence convergence(const DesignRequest& r, const Trace& t) {
  // The verdict needs an ESS of 100 per chain, which takes about as many draws.
  constexpr int kLeastDraws = 100;
  DesignAnswer::Convergence c{summarise(t.sample_stats[1].chains), judge(t)};
  const int n_draws = static_cast<int>(t.replies[0].size());
  if (c.verdict.converged) return c;
  if (r.chains < 2) {
    c.judged = false;
  } else if (n_draws < kLeastDraws) {
    c.judged = false;
    c.verdict = {false,
                 fmt::format("too few draws, {} a chain where {} are needed", n_draws, kLeastDraws),
                 r.n < kLeastDraws * r.chains ? fmt::format("give --n {}", kLeastDraws * r.chains)
                                              : "give a longer --budget, or fewer --chains",
                 kLeastDraws};
  }
  return c;
}

// A record's name without the scores that an earlier run appended to it.
std::string without_scores(const std::string& name) {
  std::istringstream in(name);
  std::string out;
  for (std::string word; in >> word;) {
    const bool is_score =
        word.starts_with("fitness=") || word.starts_with("held_out=") || word.starts_with("edits=");
    if (!is_score) out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

}  // namespace

std::string_view to_string(DesignMethod m) {
  return std::find_if(kMethods.begin(), kMethods.end(), [m](const auto& x) { return x.first == m; })
      ->second;
}

std::optional<DesignMethod> parse_design_method(std::string_view name) {
  for (const auto& [method, known] : kMethods)
    if (name == known) return method;
  return std::nullopt;
}

void sum_up(const DesignRequest& r, DesignAnswer& a) {
  if (!r.start.empty())
    for (Designed& d : a.designs) d.edits = edits(d.sequence, r.start);
  a.totals = totals(a.designs);
  if (!a.trace) return;
  a.convergence = convergence(r, *a.trace);
  a.trace->attributes = {{"inference_library", "ponder"},
                         {"inference_library_version", std::string(kVersion)},
                         {"kernel", r.kernel},
                         {"tau", r.tau},
                         {"seed", r.seed},
                         {"sampling_time", a.seconds}};
}

std::string fasta_text(const DesignAnswer& a) {
  std::vector<dna::FastaRecord> records;
  for (const Designed& d : a.designs) {
    std::string name =
        d.name.empty() ? fmt::format("design_{}", records.size()) : without_scores(d.name);
    name += " fitness=" + fixed_text(d.fitness, 4);
    if (!std::isnan(d.held_out)) name += " held_out=" + fixed_text(d.held_out, 4);
    if (d.edits) name += fmt::format(" edits={}", *d.edits);
    records.push_back({name, dna::dna_text(d.sequence)});
  }
  return fasta_text(records);
}

std::string fixed_text(double x, int decimals, int width) {
  if (std::abs(x) < 0.5 * std::pow(10, -decimals)) x = 0;
  return fmt::format("{:>{}.{}f}", x, width,
                     decimals);  // ">", since fmt aligns inf and NaN to the left by default
}

}  // namespace ponder
