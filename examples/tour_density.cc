// The tour of docs/library.md on a density of one's own: a small table in place of a model, a
// kernel that draws from a power of it, and the draws compared with the exact law. Each part
// between [name] and [/name] is a block of that document, word for word.
//   tour_density
#include <cmath>
#include <cstdio>
#include <map>
#include <vector>

#include "ponder/ponder.h"

namespace {

using namespace ponder;

// [density]
// Days of weather: the law of the next day depends on the last day alone. Token 0 ends a reply.
class Weather final : public CausalDensity {
 public:
  int n_vocab() const override { return 3; }  // 0: end, 1: sun, 2: rain
  bool is_end(Token v) const override { return v == 0; }
  const std::vector<Token>& end_tokens() const override { return ends_; }
  int n_ctx() const override { return 12; }  // tokens
  Status extend(std::span<const Extend>, Rows& out) override;
  Cost cost() const override { return cost_; }
  // Prefixes are numbered level by level, as the nodes of a full tree: node p has the children
  // 3 p + 1 to 3 p + 3. Nothing is stored, so nothing has to be retained or released.
  PrefixRef root() { return PrefixRef::share(*this, 0); }
  Prefix ancestor(Prefix p, int n) override { return n == 0 ? p : ancestor((p - 1) / 3, n - 1); }
  int depth(Prefix p) const override { return p == 0 ? 0 : 1 + depth((p - 1) / 3); }
  void retain(Prefix) override {}
  void release(Prefix) override {}

 private:
  std::vector<Token> ends_{0};
  Cost cost_;
};
// [/density]

// [row]
// The row after a prefix: what a request wants of log p(. | prefix), here a draw and lz alone.
Row row_after(Prefix p, const Needs& needs, Token target) {
  constexpr double kNext[3][3] = {{0, 0.5, 0.5}, {0.2, 0.6, 0.2}, {0.3, 0.2, 0.5}};
  const double* next = kNext[p == 0 ? 0 : (p - 1) % 3];  // (p - 1) % 3 is the last token
  Row row;
  if (target >= 0) row.logprob = std::log(next[target]);
  double sum = 0, cdf = 0;
  for (Token v = 0; v < 3; ++v) sum += std::pow(next[v], needs.alpha);
  row.lz = std::log(sum);
  for (Token v = 0; v < 3 && needs.draw.kind == Draw::Kind::kInverseCdf; ++v) {
    cdf += std::pow(next[v], needs.alpha) / sum;
    if (row.drawn >= 0 || needs.draw.u >= cdf) continue;
    row.drawn = v;
    row.drawn_logprob = std::log(next[v]);
  }
  return row;
}
// [/row]

// [extend]
Status Weather::extend(std::span<const Extend> requests, Rows& out) {
  out.start(requests.size());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const Extend& e = requests[r];
    const std::size_t n = e.tokens.size();
    Prefix p = e.parent.get();
    for (std::size_t k = 0; k <= n; ++k) {  // row k predicts token k
      const bool wanted =
          e.rows == RowSet::kAll || e.rows == (k < n ? RowSet::kTargets : RowSet::kLast);
      if (wanted) out.rows.push_back(row_after(p, e.needs, k < n ? e.tokens[k] : -1));
      if (k < n) p = 3 * p + 1 + e.tokens[k];
    }
    out.first[r + 1] = static_cast<std::uint32_t>(out.rows.size());
    out.end[r] = PrefixRef::adopt(*this, p);
    out.cost[r].tokens_scored = static_cast<std::int64_t>(n);
    cost_ += out.cost[r];
  }
  return {};
}
// [/extend]

// [kernel]
Status run() {
  Weather weather;
  PONDER_ASSIGN(const ReplyLaw law, ReplyLaw::make({.target = Target::kEnded, .horizon = 8},
                                                   weather.n_vocab(), weather.end_tokens()));
  PONDER_ASSIGN(const Energy energy, Energy::make(weather, weather.root(), law, {{.alpha = 2}}));
  PONDER_ASSIGN(const auto kernel, make_kernel("suffix", energy));
  PONDER_ASSIGN(Chains chains, Chains::start(energy, *kernel, {.chains = 16, .seed = 1}));
  while (chains.n_draws() < 2000) PONDER_TRY(chains.step());
  std::map<std::vector<Token>, int> count;
  for (const auto& chain : chains.trace().replies)
    for (const auto& reply : chain) ++count[reply];
  // p(sun, end) = 0.5 0.2 and p(rain, end) = 0.5 0.3, so that p^2 has the odds 9 : 4.
  const double odds = static_cast<double>(count[{2, 0}]) / count[{1, 0}];
  std::printf("odds of rain to sun %.2f\n", odds);
  std::printf("%s\n", judge(chains.trace()).converged ? "converged" : "not converged");
  if (std::abs(odds - 2.25) < 0.25) return {};
  return Error{Code::kNumeric, "odds of 2.25", std::to_string(odds), "tour_density", ""};
}
// [/kernel]

}  // namespace

int main() {
  const Status s = run();
  if (!s.ok()) std::fprintf(stderr, "error: %s\n", s.error().message().c_str());
  return s.ok() ? 0 : 1;
}
