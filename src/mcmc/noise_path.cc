// The noise is computed by counter, in a frame that rotates with the path, where a rotation only
// changes the angle. A position is a function of its counter and the lifted reply, and is computed
// when it is needed; after a kick it is stored.
#include "mcmc/noise_path.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/counted_noise.h"
#include "base/rng.h"
#include "energy/noise_rows.h"

namespace ponder {
namespace {

constexpr std::uint64_t kTops = std::uint64_t{1}
                                << 40;  // counter of the uniforms, apart from that of the normals

// Draws a token as the argmax of noise: by its counter where nothing but the angle has changed the
// noise, else by its numbers.
class NoiseChoices final : public Choices {
 public:
  NoiseChoices(NoisePath& path, int from, int n_vocab) : path_(path), t_(from), n_vocab_(n_vocab) {}
  void ask(Needs& needs) override {
    const int t = t_++;
    needs.draw = {.kind = Draw::Kind::kArgmax, .counted = path_.counted(t)};
    if (needs.draw.counted) return;
    noise_.resize(n_vocab_);
    path_.gumbels(t, noise_);
    needs.draw.noise = noise_.data();
  }
  TokenProb take(const Row& row, const Needs&) override { return {row.drawn, row.drawn_logprob}; }
  int index(int) override { PONDER_CHECK(false && "a decode draws nothing else"); }
  int categorical(std::span<const double>) override {
    PONDER_CHECK(false && "a decode draws nothing else");
  }
  bool accept(double) override { PONDER_CHECK(false && "a decode draws nothing else"); }
  double uniform() override { PONDER_CHECK(false && "a decode draws nothing else"); }
  void normals(std::span<float>) override { PONDER_CHECK(false && "a decode draws nothing else"); }

 private:
  NoisePath& path_;
  int t_, n_vocab_;
  std::vector<float> noise_{};
};

// The first position where the path decodes to another token than that of the reply, or the reply's
// length if there is none. The first change is never behind the block, where the noise is still the
// lifted one.
int first_change(NoisePath& path, const KnownReply& near, double alpha, int n_vocab) {
  std::vector<float> noise(n_vocab);
  for (int t = near.from; t < std::min(near.state.n(), path.block().end); ++t) {
    path.gumbels(t, noise);
    if (argmax(near.row(t), alpha, noise) != near.state.tokens[t]) return t;
  }
  return near.state.n();
}

}  // namespace

const std::vector<std::string>& Block::words() {
  static const std::vector<std::string> words{"all", "suffix", "1", "2", "3"};
  return words;
}

Block Block::draw(Kind kind, int horizon, Choices& choices) {
  if (kind == Kind::kAll) return {0, horizon};
  const int begin = choices.index(horizon);
  if (kind == Kind::kSuffix) return {begin, horizon};
  const int size = 1 + static_cast<int>(kind) - static_cast<int>(Kind::kOne);
  return {begin, std::min(begin + size, horizon)};
}

Status know_rows(const Energy& e, std::span<KnownReply* const> replies) {
  std::vector<Extend> batch;
  for (const KnownReply* r : replies)
    for (int t = r->from; !r->rows && t < r->state.n(); ++t)
      batch.push_back({.parent = r->state.prefix(t),
                       .rows = RowSet::kLast,
                       .needs = {.alpha = e.alpha(r->state), .draw = {.kind = Draw::Kind::kRow}},
                       .masks = {e.law().mask(t)}});
  if (batch.empty()) return {};
  Rows rows;
  PONDER_TRY(e.density().extend(batch, rows));
  auto row = rows.rows.begin();
  for (KnownReply* r : replies) {
    if (r->rows) continue;
    std::vector<Row> own;
    for (int t = r->from; t < r->state.n(); ++t, ++row) {
      own.push_back(std::move(*row));
      own.back().lz = r->state.lz[t];
    }
    r->rows = std::make_shared<const std::vector<Row>>(std::move(own));
  }
  return {};
}

NoisePath::NoisePath(const Energy& e, int replica, Block block, Choices& choices)
    : energy_(e),
      alpha_(e.replicas()[replica].alpha),
      block_(block),
      seed_(static_cast<std::uint64_t>(choices.uniform() * 0x1p53)) {}

std::vector<double> NoisePath::fresh(std::uint32_t stream) const {
  std::vector<double> out(energy_.density().n_vocab());
  counted_normals(seed_, stream, 0, out);
  return out;
}

bool NoisePath::lifts(int t) const { return t >= lifted_.from && t < lifted_.state.n(); }

std::optional<CountedNoise> NoisePath::counted(int t) const {
  if (lifts(t) || kicked_.contains(t)) return std::nullopt;
  return CountedNoise{.seed = seed_,
                      .stream = 2 * static_cast<std::uint32_t>(t),
                      .angle = t < block_.end ? angle_ : 0};
}

// Turns fresh noise of a position into noise that decodes to the lifted reply's token.
bool NoisePath::condition(int t, std::vector<double>& eps) const {
  if (!lifts(t)) return true;
  return condition_normals(
      lifted_.row(t), alpha_, lifted_.state.tokens[t],
      uniform(seed_, 2 * static_cast<std::uint32_t>(t), kTops, Purpose::kNoise), eps);
}

bool NoisePath::lift(const KnownReply& x) {
  lifted_ = x;
  bool decodes = true;
  for (int t = x.from; t < x.state.n(); ++t) {
    std::vector<double> eps = fresh(2 * static_cast<std::uint32_t>(t));
    decodes &= condition(t, eps);
  }
  return decodes;
}

NoisePath::Position NoisePath::unkicked(int t) const {
  const auto stream = 2 * static_cast<std::uint32_t>(t);
  Position at{fresh(stream), fresh(stream + 1)};
  condition(t, at.eps);
  return at;
}

std::vector<double> NoisePath::normals(int t) const {
  if (t >= block_.end) {
    std::vector<double> still = fresh(2 * static_cast<std::uint32_t>(t));
    condition(t, still);
    return still;
  }
  const auto it = kicked_.find(t);
  Position at = it == kicked_.end() ? unkicked(t) : it->second;
  rotate_normals(angle_, at.p, at.eps);
  return std::move(at.eps);
}

void NoisePath::gumbels(int t, std::span<float> out) const { gumbels_of_normals(normals(t), out); }

void NoisePath::kick(const KnownReply& text, std::span<const float> gain, double step, double tau) {
  const std::size_t n_vocab = energy_.density().n_vocab();
  std::vector<double> push(n_vocab);
  const double c = std::cos(angle_), s = std::sin(angle_);
  for (int t = block_.begin; t < std::min(block_.end, text.state.n()); ++t) {
    const auto [entry, first] = kicked_.try_emplace(t);
    Position& at_zero = entry->second;
    if (first) at_zero = unkicked(t);
    noise_force(text.row(t), alpha_, gain.subspan(t * n_vocab, n_vocab), normals(t), step, tau,
                push);
    for (std::size_t v = 0; v < n_vocab; ++v) {
      const double p = at_zero.p[v] * c - at_zero.eps[v] * s;
      energy_change_ += push[v] * (p + 0.5 * push[v]);
      at_zero.eps[v] -= push[v] * s;
      at_zero.p[v] += push[v] * c;
    }
  }
}

Status decode(const Energy& e, std::span<NoisePath* const> paths,
              std::span<const KnownReply* const> near, std::vector<ChainState>& out) {
  out.resize(paths.size());
  std::vector<std::size_t> indices;
  std::vector<NoiseChoices> noise;
  std::vector<Draft> drafts;
  noise.reserve(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const ChainState& x = near[i]->state;
    const int from = first_change(*paths[i], *near[i], e.alpha(x), e.density().n_vocab());
    if (from == x.n()) {
      out[i] = x;
      continue;
    }
    indices.push_back(i);
    noise.emplace_back(*paths[i], from, e.density().n_vocab());
    drafts.push_back({&x, from, e.alpha(x), &noise.back(), x.replica});
  }
  if (drafts.empty()) return {};
  std::vector<ChainState> decoded;
  PONDER_TRY(draw_suffixes(e, drafts, decoded));
  for (std::size_t k = 0; k < indices.size(); ++k) out[indices[k]] = std::move(decoded[k]);
  return {};
}

Status begin_noise_moves(const Energy& e, Block::Kind kind, std::span<ChainState> chains,
                         std::span<Choices* const> choices, std::span<StepInfo> infos,
                         std::vector<NoiseMove>& out) {
  std::vector<double> alphas;
  for (const ChainState& s : chains) alphas.push_back(e.alpha(s));
  PONDER_TRY(e.add_rows(chains, alphas, false));
  std::vector<NoiseMove> moves;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    const Block block = Block::draw(kind, e.law().horizon(), *choices[c]);
    infos[c] = {.accepted = true, .position = block.begin};
    if (block.begin >= chains[c].n())
      continue;  // the block is after the end, so the reply does not change
    moves.push_back(
        {c, NoisePath(e, chains[c].replica, block, *choices[c]), {chains[c], block.begin}});
  }
  std::vector<KnownReply*> replies;
  for (NoiseMove& m : moves) replies.push_back(&m.reply);
  PONDER_TRY(know_rows(e, replies));
  out.clear();
  for (NoiseMove& m : moves) {
    StepInfo& info = infos[m.chain];
    info.accepted = false;
    m.log_w = log_weight(e, m.reply.state, m.reply.from);
    info.numeric = !m.path.lift(m.reply) || !std::isfinite(m.log_w);
    if (!info.numeric) out.push_back(std::move(m));
  }
  return {};
}

}  // namespace ponder
