// The leapfrogs of all chains run in step, with one batch of gradients a kick.
#include "mcmc/hmc_token.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ponder {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// d/dz of sum_j s_j a_j, s = softmax(z / tau), times `scale`, added to out.
void add_softmax_slope(std::span<const double> z, std::span<const double> a, double tau,
                       double scale, std::span<double> out) {
  const double max = *std::max_element(z.begin(), z.end());
  std::vector<double> s;
  double sum = 0, mean = 0;
  for (double v : z) sum += s.emplace_back(std::exp((v - max) / tau));
  for (std::size_t j = 0; j < s.size(); ++j) mean += (s[j] /= sum) * a[j];
  for (std::size_t j = 0; j < s.size(); ++j) out[j] += scale * s[j] * (a[j] - mean) / tau;
}

}  // namespace

Result<std::unique_ptr<Kernel>> HmcTokenKernel::make(const Energy& e, const HmcTokenConfig& c) {
  PONDER_ASSIGN(TokenLists lists, greedy_lists(e, c.candidates));
  auto score = make_language_score(e.density(), e.context(), e.law());
  std::vector<Pull> pulls;
  for (int term = -1; term < static_cast<int>(e.terms().size()); ++term) {
    SoftScore* soft = term < 0 ? score.get() : e.terms()[term]->relaxed();
    if (!soft) continue;
    PONDER_ASSIGN(
        TokenRelaxation relaxation,
        TokenRelaxation::make(*soft, lists.candidates, lists.m, c.relaxation, lists.log_q));
    pulls.push_back({term, std::move(relaxation)});
  }
  return std::unique_ptr<Kernel>(
      new HmcTokenKernel(e, c, std::move(lists), std::move(score), std::move(pulls)));
}

std::vector<StepSize> HmcTokenKernel::step_sizes() {
  if (!config_.tune) return {};
  return {{.move = 0, .name = "step", .value = &config_.step, .acceptance = StepSize::kTrajectory}};
}

bool HmcTokenKernel::holds(std::span<const Token> x) const {
  for (std::size_t t = 0; t < x.size(); ++t)
    if (static_cast<int>(t) >= lists_.n() || lists_.find(static_cast<int>(t), x[t]) < 0)
      return false;
  return true;
}

// Positions after the end are drawn from the base law: a token, and the logits given the token.
Result<HmcTokenKernel::Point> HmcTokenKernel::lift(const ChainState& s, Choices& choices) const {
  std::vector<Token> x = s.tokens;
  for (int t = s.n(); t < lists_.n(); ++t) {
    const std::size_t begin = static_cast<std::size_t>(t) * lists_.m;
    x.push_back(lists_.candidates[begin + choices.categorical(
                                              std::span(lists_.log_q).subspan(begin, lists_.m))]);
  }
  Point out{.replica = s.replica, .block = Block::draw(config_.block, lists_.n(), choices)};
  PONDER_ASSIGN(out.z, relaxation().lift(x, [&choices] { return choices.uniform(); }));
  std::vector<float> p(out.z.size());
  choices.normals(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    const int t = static_cast<int>(i) / lists_.m;
    out.p.push_back(t >= out.block.begin && t < out.block.end ? p[i] : 0);
  }
  return out;
}

std::vector<Token> HmcTokenKernel::text(const Point& point) const {
  std::vector<Token> x = relaxation().decode(point.z);
  for (std::size_t t = 0; t < x.size(); ++t)
    if (energy_.law().closes(static_cast<int>(t), x[t])) {
      x.resize(t + 1);
      break;
    }
  return x;
}

// force += kappa d [alpha f, or beta R] of the relaxed reply.
Status HmcTokenKernel::add_pull(const Pull& pull, std::span<const Point> points,
                                std::span<const std::vector<double>> heads,
                                std::vector<std::vector<double>>& forces) const {
  std::vector<TokenRelaxation::Value> values;
  PONDER_TRY(pull.relaxed.evaluate(heads, config_.tau, values));
  for (std::size_t k = 0; k < points.size(); ++k) {
    const Replica& r = energy_.replicas()[points[k].replica];
    const double weight = config_.force * (pull.term < 0 ? r.alpha : r.beta[pull.term]);
    for (std::size_t i = 0; i < values[k].z.size(); ++i) forces[k][i] += weight * values[k].z[i];
  }
  return {};
}

// p += step [ d log phi + force d (alpha f + beta R - log q) of the relaxed reply ].
Status HmcTokenKernel::kick(std::span<Point> points, double step) const {
  const auto m = static_cast<std::size_t>(lists_.m);
  std::vector<std::vector<double>> heads, forces;  // heads: up to the end
  for (const Point& point : points) {
    std::vector<double>& force = forces.emplace_back(point.z.size());
    for (std::size_t i = 0; i < force.size(); ++i)
      force[i] = std::exp(lists_.log_q[i] - point.z[i]) - 1;
    if (config_.force == 0) continue;
    heads.emplace_back(point.z.begin(),
                       point.z.begin() + static_cast<std::ptrdiff_t>(text(point).size() * m));
    for (std::size_t i = 0; i < heads.back().size(); i += m)
      add_softmax_slope(std::span(point.z).subspan(i, m), std::span(lists_.log_q).subspan(i, m),
                        config_.tau, -config_.force, std::span(force).subspan(i, m));
  }
  if (!heads.empty())
    for (const Pull& pull : pulls_) PONDER_TRY(add_pull(pull, points, heads, forces));
  for (std::size_t k = 0; k < points.size(); ++k)
    for (std::size_t i = points[k].block.begin * m; i < points[k].block.end * m; ++i)
      points[k].p[i] += step * forces[k][i];
  return {};
}

Status HmcTokenKernel::leapfrog(std::span<Point> points, double step) const {
  PONDER_TRY(kick(points, step / 2));
  for (int k = 1; k <= config_.steps; ++k) {
    for (Point& point : points)
      for (std::size_t i = 0; i < point.z.size(); ++i) point.z[i] += step * point.p[i];
    PONDER_TRY(kick(points, k < config_.steps ? step : step / 2));
  }
  return {};
}

// U(x) + sum_{t < n} log q_t(x_t) - log phi(z) + |p|^2/2.
double HmcTokenKernel::hamiltonian(const Point& point, const ChainState& x) const {
  if (!x.supported) return kInfinity;
  double h = energy_.energy(x);
  for (int t = 0; t < x.n(); ++t) h += lists_.log_q[t * lists_.m + lists_.find(t, x.tokens[t])];
  for (std::size_t i = 0; i < point.z.size(); ++i) {
    const double g = point.z[i] - lists_.log_q[i];
    h += g + std::exp(-g) + point.p[i] * point.p[i] / 2;
  }
  return h;
}

Status HmcTokenKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                            std::span<StepInfo> infos) const {
  std::vector<Point> points;
  std::vector<std::size_t> movers;
  std::vector<double> start;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    infos[c] = {};
    if (!holds(chains[c].tokens)) continue;
    PONDER_ASSIGN(Point point, lift(chains[c], *choices[c]));
    infos[c] = {.position = point.block.begin, .n_proposed = 1};
    start.push_back(hamiltonian(point, chains[c]));
    points.push_back(std::move(point));
    movers.push_back(c);
  }
  PONDER_TRY(leapfrog(points, config_.step));
  std::vector<Energy::Edit> edits;
  std::vector<int> edit_of(movers.size(), -1);
  for (std::size_t k = 0; k < movers.size(); ++k) {
    const ChainState& x = chains[movers[k]];
    const std::vector<Token> y = text(points[k]);
    const auto from = std::mismatch(x.tokens.begin(), x.tokens.end(), y.begin(), y.end()).second;
    if (from == y.end()) continue;  // the same reply
    edit_of[k] = static_cast<int>(edits.size());
    edits.push_back({&x, static_cast<int>(from - y.begin()), {from, y.end()}});
  }
  std::vector<ChainState> proposed;
  if (!edits.empty()) PONDER_TRY(energy_.evaluate(edits, proposed));
  for (std::size_t k = 0; k < movers.size(); ++k) {
    ChainState& x = chains[movers[k]];
    StepInfo& info = infos[movers[k]];
    ChainState* y = edit_of[k] < 0 ? nullptr : &proposed[edit_of[k]];
    info.log_acceptance = start[k] - hamiltonian(points[k], y ? *y : x);
    info.numeric = std::isnan(info.log_acceptance);
    info.accepted = choices[movers[k]]->accept(info.log_acceptance);
    if (info.accepted && y) x = std::move(*y);
  }
  return {};
}

}  // namespace ponder
