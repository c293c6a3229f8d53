// The terms of a fitness, each as a function of letter weights.
#include <algorithm>
#include <cmath>

#include "base/log_sum_exp.h"
#include "ponder/dna/terms.h"

namespace ponder::dna {
namespace {

// The matrix and, where both strands count, its reverse complement.
std::vector<LogOdds> strands_of(const LogOdds& odds, Strands s) {
  if (s == Strands::kForward) return {odds};
  return {odds, reverse_complement(odds)};
}

int places(std::span<const float> w, const LogOdds& odds) {
  return std::max(static_cast<int>(w.size() / kLetters) - static_cast<int>(odds.size()) + 1, 0);
}

double match(std::span<const float> w, const LogOdds& odds, int place) {
  double sum = 0;
  const float* at = w.data() + static_cast<std::ptrdiff_t>(place) * kLetters;
  for (const auto& column : odds)
    for (double s : column) sum += s * *at++;
  return sum;
}

void add_slope(const LogOdds& odds, int place, double scale, std::span<double> dw) {
  auto at = dw.begin() + static_cast<std::ptrdiff_t>(place) * kLetters;
  for (const auto& column : odds)
    for (double s : column) *at++ += scale * s;
}

}  // namespace

std::unique_ptr<LetterTerm> make_motif_term(std::string name, const MotifMatch& m) {
  return make_letter_term(std::move(name), [strands = strands_of(m.odds, m.strands), over = m.over](
                                               std::span<const float> w, std::span<double> dw) {
    std::vector<double> values;
    const int n = places(w, strands[0]);
    for (const LogOdds& odds : strands)
      for (int p = 0; p < n; ++p) values.push_back(match(w, odds, p));
    const auto best = std::max_element(values.begin(), values.end());
    const double r =
        over == Over::kBest ? (values.empty() ? -INFINITY : *best) : log_sum_exp(values);
    for (int i = 0; i < static_cast<int>(values.size()) && !dw.empty(); ++i) {
      const double share =
          over == Over::kSum ? std::exp(values[i] - r) : (values.begin() + i == best ? 1. : 0.);
      if (share > 0) add_slope(strands[i / n], i % n, share, dw);
    }
    return r;
  });
}

MotifPlace best_place(const MotifMatch& m, SequenceView x) {
  MotifPlace best;
  const std::vector<LogOdds> strands = strands_of(m.odds, m.strands);
  for (std::size_t s = 0; s < strands.size(); ++s)
    for (std::size_t p = 0; p + strands[s].size() <= x.size(); ++p) {
      double odds = 0;
      for (std::size_t j = 0; j < strands[s].size(); ++j) odds += strands[s][j][x[p + j]];
      if (odds > best.odds) best = {static_cast<int>(p), s == 1, odds};
    }
  return best;
}

std::unique_ptr<LetterTerm> make_spacing_term(std::string name, const MotifPair& m) {
  return make_letter_term(std::move(name), [first = strands_of(m.first, m.strands),
                                            second = strands_of(m.second, m.strands), gap = m.gap,
                                            deviation = m.deviation, in_order = m.in_order](
                                               std::span<const float> w, std::span<double> dw) {
    // The better strand at each place.
    const auto best_strand = [&](const std::vector<LogOdds>& strands, std::vector<double>& value) {
      std::vector<int> strand;
      for (int p = 0; p < places(w, strands[0]); ++p) {
        value.push_back(-INFINITY);
        strand.push_back(0);
        for (std::size_t s = 0; s < strands.size(); ++s)
          if (const double v = match(w, strands[s], p); v > value.back())
            value.back() = v, strand.back() = static_cast<int>(s);
      }
      return strand;
    };
    std::vector<double> a, b;
    const std::vector<int> sa = best_strand(first, a), sb = best_strand(second, b);
    const int na = static_cast<int>(first[0].size()), nb = static_cast<int>(second[0].size());
    double best = -INFINITY;
    int pa = -1, pb = -1;
    for (int p = 0; p < static_cast<int>(a.size()); ++p)
      for (int q = 0; q < static_cast<int>(b.size()); ++q) {
        const int between = q > p ? q - p - na : p - q - nb;
        if (between < 0 || (in_order && q < p)) continue;
        const double off = (between - gap) / deviation, r = a[p] + b[q] - off * off / 2;
        if (r > best) best = r, pa = p, pb = q;
      }
    if (pa >= 0 && !dw.empty()) {
      add_slope(first[sa[pa]], pa, 1, dw);
      add_slope(second[sb[pb]], pb, 1, dw);
    }
    return best;
  });
}

std::unique_ptr<LetterTerm> make_gc_term(double target, double deviation) {
  return make_letter_term("gc",
                          [target, deviation](std::span<const float> w, std::span<double> dw) {
                            const double n = static_cast<double>(w.size()) / kLetters;
                            double gc = 0;
                            for (std::size_t t = 0; t < w.size(); t += kLetters)
                              gc += (static_cast<double>(w[t + 1]) + w[t + 2]) / n;
                            const double off = (gc - target) / deviation;
                            for (std::size_t t = 0; t < dw.size(); t += kLetters)
                              for (std::size_t v : {1, 2}) dw[t + v] -= off / (deviation * n);
                            return -off * off / 2;
                          });
}

// For a mixture, R is minus the expected count under independent letters, which is linear in each
// position.
std::unique_ptr<LetterTerm> make_avoid_term(std::vector<std::vector<LetterSet>> patterns) {
  return make_letter_term(
      "avoid", [patterns = std::move(patterns)](std::span<const float> w, std::span<double> dw) {
        double r = 0;
        for (const auto& pattern : patterns)
          for (std::size_t p = 0; p + pattern.size() <= w.size() / kLetters; ++p) {
            std::vector<double> fits;  // probability that position p + j fits
            double all = 1;
            for (std::size_t j = 0; j < pattern.size(); ++j) {
              double& f = fits.emplace_back(0);
              for (Token v = 0; v < kLetters; ++v)
                if (pattern[j] >> v & 1) f += w[(p + j) * kLetters + v];
              all *= f;
            }
            r -= all;
            for (std::size_t j = 0; j < pattern.size() && !dw.empty(); ++j) {
              double others = 1;
              for (std::size_t i = 0; i < fits.size(); ++i)
                if (i != j) others *= fits[i];
              for (Token v = 0; v < kLetters; ++v)
                if (pattern[j] >> v & 1) dw[(p + j) * kLetters + v] -= others;
            }
          }
        return r;
      });
}

std::unique_ptr<LetterTerm> make_similarity_term(Sequence start) {
  return make_letter_term(
      "similarity", [start = std::move(start)](std::span<const float> w, std::span<double> dw) {
        double r = -static_cast<double>(start.size());
        for (std::size_t t = 0; t < start.size(); ++t) {
          r += w[t * kLetters + start[t]];
          if (!dw.empty()) dw[t * kLetters + start[t]] += 1;
        }
        return r;
      });
}

}  // namespace ponder::dna
