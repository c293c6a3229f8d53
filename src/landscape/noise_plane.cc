// The plane, and the tree of prefixes on it. Each prefix keeps the logits of the few tokens whose
// noise moves, and the winner among all other tokens.
#include "landscape/noise_plane.h"

#include <algorithm>
#include <cmath>

#include "base/counted_noise.h"
#include "base/gumbel_table.h"
#include "energy/noise_rows.h"
#include "energy/whole_replies.h"
#include "ponder/chains/choices.h"

namespace ponder {
namespace {

// In a lift, the noise of a token far below the top changes by less than this, in standard
// deviations; leaving the change out does not change the decoding.
constexpr double kStill = 1e-3;
constexpr std::size_t kRowsAtOnce = 64;  // whole rows at a time

float gumbel_at(double eps) { return static_cast<float>(GumbelTable::get().gumbel_of_normal(eps)); }

// One number of the noise: its place, and how far each lift moves it.
struct Moved {
  std::size_t position;
  Token token;
  double eps, by_x, by_y;
};
template <class F>
double sum(std::span<const Moved> all, const F& f) {
  double s = 0;
  for (const Moved& m : all) s += f(m);
  return s;
}

}  // namespace

Result<std::unique_ptr<NoisePlane>> NoisePlane::make(CausalDensity& d, const PrefixRef& context,
                                                     const ReplyLaw& law, double alpha,
                                                     const std::vector<Token>& x,
                                                     const std::vector<Token>& y,
                                                     std::uint64_t seed) {
  for (const auto* reply : {&x, &y})
    if (!law.is_reply(*reply))
      return Error{Code::kInvalid, "a reply of the law",
                   std::to_string(reply->size()) + " tokens that are none", "NoisePlane", ""};
  if (x == y) return Error{Code::kInvalid, "two different replies", "one", "NoisePlane", ""};
  std::unique_ptr<NoisePlane> p(new NoisePlane(d, context, law, alpha, seed));
  PONDER_TRY(p->span_plane(x, y));
  std::vector<Spot> spots;
  for (const auto& [point, reply] : {std::pair(p->first_, &x), {p->second_, &y}}) {
    PONDER_TRY(p->look({&point, 1}, spots));
    if (spots[0].peak < 0 || p->replies_[spots[0].peak].tokens != *reply)
      return Error{Code::kNumeric, "a lift that decodes to its reply", "another reply",
                   "NoisePlane", "take another seed"};
  }
  return p;
}

std::vector<double> NoisePlane::fresh(int t) const {
  std::vector<float> eps(density_.n_vocab());
  random_choices(seed_, static_cast<std::uint32_t>(t), 0)->normals(eps);
  return {eps.begin(), eps.end()};
}

Status NoisePlane::span_plane(const std::vector<Token>& x, const std::vector<Token>& y) {
  PONDER_ASSIGN(const Rows rows_x, whole_rows(density_, context_, law_, alpha_, x));
  PONDER_ASSIGN(const Rows rows_y, whole_rows(density_, context_, law_, alpha_, y));
  std::vector<Moved> all;
  positions_.resize(law_.horizon());
  for (std::size_t t = 0; t < positions_.size(); ++t) {
    const std::vector<double> eps = fresh(static_cast<int>(t));
    positions_[t].gumbels.resize(eps.size());
    gumbels_of_normals(eps, positions_[t].gumbels);
    // Both lifts use the same draws, so that they differ only where their replies do.
    const double top = random_choices(seed_, static_cast<std::uint32_t>(t), 1)->uniform();
    std::vector<double> eps_x = eps, eps_y = eps;
    if (t < x.size()) condition_normals(rows_x.rows[t], alpha_, x[t], top, eps_x);
    if (t < y.size()) condition_normals(rows_y.rows[t], alpha_, y[t], top, eps_y);
    for (std::size_t v = 0; v < eps.size(); ++v)
      if (std::abs(eps_x[v] - eps[v]) > kStill || std::abs(eps_y[v] - eps[v]) > kStill)
        all.push_back({t, static_cast<Token>(v), eps[v], eps_x[v] - eps[v], eps_y[v] - eps[v]});
  }
  // u points from x to y; v is orthogonal to it, from the noise towards x and y.
  const double xx = sum(all, [](const Moved&m) { return m.by_x * m.by_x; }),
               xy = sum(all, [](const Moved&m) { return m.by_x * m.by_y; }),
               yy = sum(all, [](const Moved&m) { return m.by_y * m.by_y; });
  const double length_u = std::sqrt(xx + yy - 2 * xy), x_along = (xy - xx) / length_u;
  const double length_v = std::sqrt(xx - x_along * x_along);
  if (!(length_u > kStill) || !(length_v > kStill))
    return Error{Code::kNumeric, "noise and two lifts that span a plane", "a line", "NoisePlane",
                 "take another seed"};
  for (const Moved& m : all) {
    const double u = (m.by_y - m.by_x) / length_u, v = (m.by_x - x_along * u) / length_v;
    positions_[m.position].moving.push_back({m.token, m.eps, u, v});
    noise_ = noise_ + m.eps * Point{u, v};
  }
  for (Position& p : positions_)
    for (Coordinate& c : p.moving) c.foot -= noise_.u * c.along_u + noise_.v * c.along_v;
  first_ = noise_ + Point{x_along, length_v};
  second_ = first_ + Point{length_u, 0};
  return {};
}

std::vector<double> NoisePlane::normals(int t, Point z) const {
  std::vector<double> eps = fresh(t);
  for (const Coordinate& c : positions_[t].moving) eps[c.token] = c.at(z);
  return eps;
}

std::pair<std::vector<double>, std::vector<double>> NoisePlane::directions(int t) const {
  std::pair<std::vector<double>, std::vector<double>> out{std::vector<double>(density_.n_vocab()),
                                                          std::vector<double>(density_.n_vocab())};
  for (const Coordinate& c : positions_[t].moving) {
    out.first[c.token] = c.along_u;
    out.second[c.token] = c.along_v;
  }
  return out;
}

// argmax of alpha logit + noise, with its lp.
TokenProb NoisePlane::winner(const Node& n, Point z) const {
  TokenProb best{n.rest, n.rest_logit - n.log_normalizer};
  double most = n.rest_score;
  const auto& moving = positions_[n.tokens.size()].moving;
  for (std::size_t i = 0; i < moving.size(); ++i) {
    if (std::isinf(n.logits[i])) continue;
    const double score = alpha_ * n.logits[i] + gumbel_at(moving[i].at(z));
    if (score < most || (score == most && moving[i].token > best.token)) continue;
    most = score;
    best = {moving[i].token, n.logits[i] - n.log_normalizer};
  }
  return best;
}

// Records the result of a token that ends a string. Returns false if other tokens follow it.
bool NoisePlane::close(int node, TokenProb v) {
  Node& n = nodes_[node];
  const int t = static_cast<int>(n.tokens.size());
  if (law_.closes(t, v.token)) {
    n.next[v.token] = {.reply = static_cast<int>(replies_.size())};
    Reply r{n.tokens, n.logprob + v.logprob, law_.is_end(v.token)};
    r.tokens.push_back(v.token);
    replies_.push_back(std::move(r));
    log_weights_.push_back(n.lz);
    return true;
  }
  if (law_.extends(t + 1)) return false;
  n.next[v.token] = {};
  return true;
}

Status NoisePlane::grow(std::span<const Request> asked) {
  for (std::size_t begin = 0; begin < asked.size(); begin += kRowsAtOnce) {
    const auto some = asked.subspan(begin, std::min(kRowsAtOnce, asked.size() - begin));
    std::vector<Extend> batch;
    for (const Request& r : some) {
      const bool root = r.node < 0;
      batch.push_back(
          {.parent = root ? context_ : nodes_[r.node].at,
           .tokens = {&r.token, root ? 0u : 1u},
           .rows = RowSet::kLast,
           .needs = {.alpha = alpha_, .lz = true, .draw = {.kind = Draw::Kind::kRow}},
           .masks = {law_.mask(root ? 0 : static_cast<int>(nodes_[r.node].tokens.size()) + 1)}});
    }
    Rows rows;
    PONDER_TRY(density_.extend(batch, rows));
    for (std::size_t i = 0; i < some.size(); ++i)
      add_node(some[i], rows.rows[i], std::move(rows.end[i]));
  }
  return {};
}

void NoisePlane::add_node(const Request& r, const Row& row, PrefixRef at) {
  Node n;
  if (r.node >= 0) {
    Node& parent = nodes_[r.node];
    parent.next[r.token] = {.node = static_cast<int>(nodes_.size())};
    n.tokens = parent.tokens;
    n.tokens.push_back(r.token);
    n.logprob = parent.logprob + r.logprob;
    n.lz = parent.lz;
  }
  n.at = std::move(at);
  n.lz += row.lz;
  n.log_normalizer = row.log_normalizer;
  const Position& p = positions_[n.tokens.size()];
  std::vector<float> others = row.logits;
  for (const Coordinate& c : p.moving) {
    n.logits.push_back(others[c.token]);
    others[c.token] = -std::numeric_limits<float>::infinity();
  }
  n.rest_score = -std::numeric_limits<double>::infinity();
  for (std::size_t v = 0; v < others.size(); ++v) {
    const double score = alpha_ * others[v] + p.gumbels[v];
    if (!(score > n.rest_score)) continue;
    n.rest_score = score;
    n.rest = static_cast<Token>(v);
    n.rest_logit = others[v];
  }
  nodes_.push_back(std::move(n));
}

Status NoisePlane::look(std::span<const Point> points, std::vector<Spot>& out) {
  if (nodes_.empty()) {
    const Request root{-1, -1, 0};
    PONDER_TRY(grow({&root, 1}));
  }
  out.assign(points.size(), {});
  std::vector<int> at(points.size(), 0);  // node; -1: done
  for (bool all_known = false; !all_known;) {
    std::vector<Request> asked;
    for (std::size_t i = 0; i < points.size(); ++i)
      while (at[i] >= 0) {
        const TokenProb v = winner(nodes_[at[i]], points[i]);
        const auto next = nodes_[at[i]].next.find(v.token);
        if (next == nodes_[at[i]].next.end()) {
          if (close(at[i], v)) continue;
          const Request r{at[i], v.token, v.logprob};
          if (std::find(asked.begin(), asked.end(), r) == asked.end()) asked.push_back(r);
          break;
        }
        at[i] = next->second.node;
        if (const int reply = next->second.reply; reply >= 0)
          out[i] = {reply, replies_[reply].logprob, log_weights_[reply]};
      }
    all_known = asked.empty();
    PONDER_TRY(grow(asked));
  }
  return {};
}

}  // namespace ponder
