// What is printed of designs, and their files: FASTA, JSON lines, NetCDF.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "designer.h"
#include "io/netcdf.h"
#include "io/replace_file.h"
#include "output.h"
#include "ponder/chains.h"
#include "ponder/diagnostics.h"

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
  return fmt::format("{:{}.{}f}", x, width, decimals);
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
  Json j{{"sequence", dna_text(d.sequence)}};
  j["fitness"] = std::isfinite(d.fitness) ? Json(d.fitness) : Json(nullptr);
  if (!std::isnan(d.held_out)) j["held_out"] = d.held_out;
  if (!start.empty()) j["edits"] = edits(d.sequence, start);
  if (d.chain >= 0) j["chain"] = d.chain, j["draw"] = d.draw;
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
    std::string name = fmt::format("design_{} fitness={}", records.size(), fixed(d.fitness, 4));
    if (!std::isnan(d.held_out)) name += " held_out=" + fixed(d.held_out, 4);
    if (!start.empty()) name += fmt::format(" edits={}", edits(d.sequence, start));
    records.push_back({name, dna_text(d.sequence)});
  }
  must(replace_file(a.out, a.out.ends_with(".fa") ? fasta_text(records) : lines));
}

void print_designs(const DesignArgs& a, const Outcome& o, const Dna& start) {
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
    std::string line = fixed(best[i].fitness, 3, 9);
    if (!a.held_out.empty()) line += "  held out " + fixed(best[i].held_out, 3, 9);
    if (!start.empty()) line += fmt::format("  {:3d} edits", edits(best[i].sequence, start));
    write(line + "  " + dna_text(best[i].sequence) + "\n");
  }
  std::string line =
      fmt::format("{} designs, {} different, mean fitness {}", o.designs.size(), different.size(), fixed(mean, 3));
  if (!a.held_out.empty()) line += ", held out " + fixed(held_out, 3);
  if (!start.empty()) line += fmt::format(", {:.1f} edits", changed);
  write(line + fmt::format(", diversity {:.3f}, {:.1f} s\n", diversity(o.designs), o.seconds));
  if (!judged && o.designs.size() > 1 && a.score.empty()) write(agreement(o.designs) + "\n");
  if (judged) write((v.converged ? "converged: " : "not converged: ") + v.reason + "\n");
  if (!a.out.empty()) write("written to " + a.out + "\n");
}

}  // namespace ponder::app
