// Designs as text: the fittest designs, or all sequences that were given; then the totals.
#include "design_print.h"

#include <fmt/format.h>

#include <algorithm>

#include "output.h"

namespace ponder::app {
namespace {

void print_design(const DesignAnswer::Designed& d, bool held_out) {
  std::string line = fixed_text(d.fitness, 3, 9);
  if (held_out) line += "  held out " + fixed_text(d.held_out, 3, 9);
  if (d.edits) line += fmt::format("  {:3d} edits", *d.edits);
  line += "  " + dna::dna_text(d.sequence);
  if (!d.name.empty()) line += "  " + one_line(d.name);
  write(line + "\n");
}

void print_totals(const DesignAnswer& a, const DesignRequest& r) {
  const DesignAnswer::Totals& t = a.totals;
  std::string line =
      fmt::format("{} {}{}, {} different, mean fitness {}", a.designs.size(),
                  r.given.empty() ? "design" : "sequence", a.designs.size() == 1 ? "" : "s",
                  t.n_different, fixed_text(t.fitness, 3));
  if (!r.held_out.empty()) line += ", held out " + fixed_text(t.held_out, 3);
  if (!r.start.empty()) line += fmt::format(", {:.1f} edits", t.edits);
  write(line + fmt::format(", diversity {:.3f}, {:.1f} s\n", t.diversity, a.seconds));
}

void print_convergence(const DesignAnswer::Convergence& c) {
  const Verdict& v = c.verdict;
  write((v.converged ? "converged: "
         : c.judged  ? "not converged: "
                     : "not judged: ") +
        v.reason + (v.advice.empty() ? "" : "; " + v.advice) + "\n");
}

}  // namespace

void print_designs(const DesignAnswer& a, const DesignRequest& r, const std::string& file) {
  auto shown = a.designs;  // given sequences are all shown in their order; of designs, the fittest
  if (r.given.empty()) {
    constexpr std::size_t kShown = 10;
    std::stable_sort(shown.begin(), shown.end(),
                     [](const auto& x, const auto& y) { return x.fitness > y.fitness; });
    shown.resize(std::min(shown.size(), kShown));
  }
  for (const auto& d : shown) print_design(d, !r.held_out.empty());
  print_totals(a, r);
  // Without chains, the share of starts near the best is the only sign of convergence.
  if (a.convergence)
    print_convergence(*a.convergence);
  else if (a.designs.size() > 1 && r.given.empty())
    write(fmt::format("{} of {} starts came within 1 % of the best\n", a.totals.n_near_best,
                      a.designs.size()));
  if (!file.empty()) write("written to " + file + "\n");
}

}  // namespace ponder::app
