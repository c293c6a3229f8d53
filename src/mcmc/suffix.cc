// One batch decodes all tries of all chains; each chain then picks one of its own tries.
#include "mcmc/suffix.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/log_sum_exp.h"
#include "mcmc/draw_suffixes.h"

namespace ponder {

double SuffixKernel::exponent(const ChainState& s) const {
  return config_.temperature ? 1 / *config_.temperature : energy_.alpha(s);
}

// log w[t] of every token, the end token included: without it an empty reply could be neither
// reached nor left.
std::vector<double> SuffixKernel::log_cut_weights(const ChainState& s) const {
  std::vector<double> w(s.tokens.size(), 0.);
  if (config_.cut == SuffixConfig::Cut::kEntropy)
    for (std::size_t t = 0; t < w.size(); ++t)
      w[t] = std::log(config_.entropy_floor + s.entropy[t] * s.entropy[t]);
  return w;
}

// log of pi(y) / [q(y[cut:] | y[:cut]) W(y)], up to a constant that all y with the same y[:cut]
// share.
double SuffixKernel::log_cut_weight(const ChainState& y, int cut) const {
  const double log_ratio = log_weight(energy_, y, cut);
  return log_ratio - log_sum_exp(log_cut_weights(y));
}

// True if the weight of a reply can be bounded before its end: where q is that of the target and
// there are no terms, the weight is exp(sum lZ) / W.
bool SuffixKernel::bounded(const ChainState& x) const {
  const std::vector<double>& beta = energy_.replicas()[x.replica].beta;
  return config_.early && exponent(x) == energy_.alpha(x) &&
         std::all_of(beta.begin(), beta.end(), [](double b) { return b == 0; });
}

// Upper bound of log_cut_weight: W only grows, and no row adds more than max(0, (1 - alpha) log V).
double SuffixKernel::log_bound(const ChainState& y, int cut) const {
  constexpr double kRounding = 1e-5;  // nats: error of lZ in single precision
  const double alpha = energy_.alpha(y),
               most = std::max(0., (1 - alpha) * std::log(energy_.density().n_vocab()));
  const ReplyLaw& law = energy_.law();
  const int left = law.closes(y.n() - 1, y.tokens.back()) ? 0 : law.horizon() - y.n();
  double sum = left * (most + kRounding);
  for (int t = cut; t < y.n(); ++t) sum += y.lz[t];
  return sum - log_sum_exp(log_cut_weights(y));
}

Status SuffixKernel::prepare(std::span<ChainState> chains) const {
  std::vector<double> exponents;
  for (const ChainState& s : chains) exponents.push_back(exponent(s));
  return energy_.add_rows(chains, exponents, config_.cut == SuffixConfig::Cut::kEntropy);
}

SuffixMove SuffixKernel::begin(ChainState& x, Choices& choices) const {
  SuffixMove m{.x = &x, .choices = &choices};
  m.info = {.position = choices.categorical(log_cut_weights(x)), .n_proposed = config_.tries};
  if (m.info.position < 0) m.info.numeric = true, m.info.position = 0;
  m.present = log_cut_weight(x, m.info.position);
  for (int j = 0; j < config_.tries; ++j)
    m.tries.push_back(
        begin_draft(energy_, {&x, m.info.position, exponent(x), &choices, x.replica}));
  return m;
}

bool SuffixKernel::open(const SuffixMove& m) const {
  return !m.refused && std::any_of(m.tries.begin(), m.tries.end(),
                                   [&](const auto& y) { return unfinished(energy_, y); });
}

// The decision is made in stages: a ratio of at most b survives the first stage with probability
// exp(b), and is accepted later with the remaining probability.
void SuffixKernel::refuse_early(SuffixMove& m) const {
  if (m.refused || !bounded(*m.x)) return;
  std::vector<double> bounds;
  for (const ChainState& y : m.tries) bounds.push_back(log_bound(y, m.info.position));
  const double bound = log_sum_exp(bounds) - m.present;
  if (!(bound < m.survived)) return;
  m.refused = !m.choices->accept(bound - m.survived);
  m.survived = bound;
}

Status SuffixKernel::draw(std::span<SuffixMove* const> moves) const {
  std::vector<TokenDraw> draws;
  for (SuffixMove* m : moves)
    for (ChainState& y : m->tries)
      if (unfinished(energy_, y))
        draws.push_back({.state = &y,
                         .exponent = y.lz_alpha,
                         .choices = m->choices,
                         .entropy = !m->x->entropy.empty()});
  PONDER_TRY(draw_tokens(energy_, draws));
  for (SuffixMove* m : moves) refuse_early(*m);
  return {};
}

void SuffixKernel::decide(SuffixMove& m, std::span<ChainState> tries) const {
  m.info.log_acceptance = -std::numeric_limits<double>::infinity();
  if (m.refused) return;
  std::vector<double> weights;
  for (const ChainState& y : tries) weights.push_back(log_cut_weight(y, m.info.position));
  const int picked = m.choices->categorical(weights);
  const double total = log_sum_exp(weights);
  m.info.numeric |= std::isnan(total);
  if (picked < 0 || m.info.numeric) return;
  weights[picked] = m.present;  // the reverse move's tries
  m.info.log_acceptance = total - log_sum_exp(weights);
  m.info.numeric = std::isnan(m.info.log_acceptance);
  m.info.accepted = m.choices->accept(m.info.log_acceptance - m.survived);
  if (m.info.accepted) *m.x = std::move(tries[picked]);
}

Status SuffixKernel::decide(std::span<SuffixMove* const> moves) const {
  std::vector<ChainState> tries;
  for (SuffixMove* m : moves)
    std::move(m->tries.begin(), m->tries.end(), std::back_inserter(tries));
  PONDER_TRY(energy_.finish(tries));
  const std::size_t n = config_.tries;
  for (std::size_t k = 0; k < moves.size(); ++k)
    decide(*moves[k], std::span(tries).subspan(k * n, n));
  return {};
}

Status SuffixKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                          std::span<StepInfo> infos) const {
  PONDER_TRY(prepare(chains));
  std::vector<SuffixMove> moves;
  for (std::size_t c = 0; c < chains.size(); ++c) moves.push_back(begin(chains[c], *choices[c]));
  std::vector<SuffixMove*> all, drawing;
  for (SuffixMove& m : moves) all.push_back(&m);
  for (drawing = all; !drawing.empty();
       std::erase_if(drawing, [&](const SuffixMove* m) { return !open(*m); }))
    PONDER_TRY(draw(drawing));
  PONDER_TRY(decide(all));
  for (std::size_t c = 0; c < chains.size(); ++c) infos[c] = moves[c].info;
  return {};
}

// Moves at any stage: a move that ends makes room in the batch for the next step of its chain.
class SuffixKernel::Async final : public AsyncSteps {
 public:
  Async(const SuffixKernel& k, std::span<ChainState> chains)
      : kernel_(k), chains_(chains), moves_(chains.size()) {}

  Status begin(int chain, Choices& choices) override {
    PONDER_TRY(kernel_.prepare(chains_));
    moves_[chain] = kernel_.begin(chains_[chain], choices);
    return {};
  }

  Status pass(std::vector<Done>& done) override {
    done.clear();
    std::vector<SuffixMove*> drawing, drawn;
    for (auto& m : moves_)
      if (m) drawing.push_back(&*m);
    PONDER_TRY(kernel_.draw(drawing));
    for (SuffixMove* m : drawing)
      if (!kernel_.open(*m)) drawn.push_back(m);
    PONDER_TRY(kernel_.decide(drawn));
    for (SuffixMove* m : drawn) {
      const auto chain = m->x - chains_.data();
      done.push_back({static_cast<int>(chain), m->info});
      moves_[chain].reset();
    }
    return {};
  }

 private:
  const SuffixKernel& kernel_;
  std::span<ChainState> chains_;
  std::vector<std::optional<SuffixMove>> moves_;  // (chains)
};

std::unique_ptr<AsyncSteps> SuffixKernel::async(std::span<ChainState> chains) const {
  return energy_.terms().empty() ? std::make_unique<Async>(*this, chains) : nullptr;
}

}  // namespace ponder
