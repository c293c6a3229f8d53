// Motifs as laws: turns the numbers of a file into probabilities of letters, position by position,
// and log-odds. Not the formats (motif_formats.h).
#include <algorithm>
#include <cmath>

#include "dna/motif_formats.h"
#include "ponder/dna/dna.h"

namespace ponder::dna {
namespace {

// The sum of four probabilities of two decimals has an error of at most 0.02; the rest allows for
// the rounding of the sum.
constexpr double kSumSlack = 0.0201;

double sum_of(const std::array<double, kLetters>& column) {
  double sum = 0;
  for (double v : column) sum += v;
  return sum;
}

// Columns of counts often have different sums, since sites of an alignment may begin or end within
// the motif, and fractional counts are rounded. Each column is therefore divided by its own sum.
Result<Motif> normalised(dna::MotifRecord r, const std::string& where, double pseudocount) {
  Motif& m = r.motif;
  const auto bad = [&](const std::string& expected, const std::string& got) {
    return dna::bad_motif(expected, got, where, r.line);
  };
  if (m.columns.empty()) return bad("a motif of at least one position", "none");
  if (r.n_announced > 0 && r.n_announced != m.n())
    return bad(std::to_string(r.n_announced) + " positions, as w= says", std::to_string(m.n()));
  double most = 0;
  for (const auto& column : m.columns) most = std::max(most, sum_of(column));
  const bool counts = r.may_count && most > 1 + kSumSlack;
  const double pseudo = counts ? pseudocount : 0;
  for (int j = 0; j < m.n(); ++j) {
    auto& column = m.columns[j];
    const double sum = sum_of(column);
    const std::string place = " in column " + std::to_string(j) + " of " + m.id;
    if (!std::all_of(column.begin(), column.end(),
                     [](double v) { return v >= 0 && std::isfinite(v); }))
      return bad("numbers that are finite and not negative", "one that is not" + place);
    if (!r.may_count && sum > 0 && std::abs(sum - 1) > kSumSlack)
      return bad("probabilities that sum to 1", std::to_string(sum) + place);
    if (sum > 0) {
      for (double& v : column) v = (v + pseudo / kLetters) / (sum + pseudo);
      continue;
    }
    column.fill(1. / kLetters);
    m.warnings.push_back("column " + std::to_string(j) + " of motif " + m.id +
                         " is empty, and fits every letter alike (" + where + ", line " +
                         std::to_string(r.line) + ")");
  }
  if (most == 0) return bad("a motif with a column that is not empty", "zeros alone in " + m.id);
  return std::move(m);
}

}  // namespace

Result<std::vector<Motif>> parse_motifs(std::string_view text, const std::string& where,
                                        double pseudocount) {
  PONDER_ASSIGN(std::vector<dna::MotifRecord> all, dna::read_motif_records(text, where));
  if (all.empty()) return dna::bad_motif("at least one motif", "none", where, 0);
  std::vector<Motif> out;
  for (dna::MotifRecord& r : all) {
    PONDER_ASSIGN(Motif m, normalised(std::move(r), where, pseudocount));
    out.push_back(std::move(m));
  }
  return out;
}

LogOdds log_odds(const Motif& m, const std::array<double, kLetters>& background) {
  LogOdds out;
  for (const auto& column : m.columns) {
    auto& s = out.emplace_back();
    for (int v = 0; v < kLetters; ++v)
      s[v] = std::max(std::log(column[v] / background[v]), kLeastOdds);
  }
  return out;
}

LogOdds reverse_complement(const LogOdds& odds) {
  LogOdds out(odds.rbegin(), odds.rend());
  for (auto& column : out) std::reverse(column.begin(), column.end());
  return out;
}

}  // namespace ponder::dna
