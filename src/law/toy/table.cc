// The logits of a row are random numbers from a hash of the prefix.
#include "law/toy/table.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/check.h"
#include "base/infinity.h"
#include "law/requests.h"
#include "law/small_row.h"

namespace ponder {
namespace {

// splitmix64's finaliser (Steele et al. 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}
double normal(std::uint64_t h) {  // Box-Muller
  const double u = (static_cast<double>(mix(h) >> 11) + 0.5) * 0x1p-53,
               v = static_cast<double>(mix(h ^ 0x5555) >> 11) * 0x1p-53;
  return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v);
}

}  // namespace

TableDensity::TableDensity(TableConfig c) : config_(std::move(c)) {
  std::sort(config_.end_tokens.begin(), config_.end_tokens.end());
  nodes_.push_back({.refs = 1, .hash = hash({})});
}

bool TableDensity::is_end(Token v) const {
  return std::binary_search(config_.end_tokens.begin(), config_.end_tokens.end(), v);
}

std::uint64_t TableDensity::hash(std::span<const Token> prefix) const {
  std::uint64_t h = mix(config_.seed);
  for (Token v : prefix) h = mix(h ^ (static_cast<std::uint64_t>(v) + 1));
  return h;
}

std::vector<double> TableDensity::log_probs(std::uint64_t prefix_hash,
                                            const TokenMask* mask) const {
  std::vector<double> l(config_.n_vocab, -kInf);
  double max = -kInf, sum = 0;
  for (Token v = 0; v < config_.n_vocab; ++v)
    if (!mask || (*mask)[v])
      max = std::max(
          max, l[v] = config_.peak * normal(mix(prefix_hash) + static_cast<std::uint64_t>(v)));
  for (double x : l) sum += std::exp(x - max);
  for (double& x : l) x -= max + std::log(sum);
  return l;
}

Prefix TableDensity::add(Prefix parent, Token v) {
  ++nodes_[parent].refs;
  nodes_.push_back({.parent = parent,
                    .depth = nodes_[parent].depth + 1,
                    .refs = 1,
                    .hash = mix(nodes_[parent].hash ^ (static_cast<std::uint64_t>(v) + 1))});
  return static_cast<Prefix>(nodes_.size()) - 1;
}

void TableDensity::release(Prefix p) {
  for (; p != kNoPrefix; p = nodes_[p].parent) {
    PONDER_CHECK(nodes_[p].refs > 0);
    if (--nodes_[p].refs > 0) return;
  }
}
Prefix TableDensity::ancestor(Prefix p, int n_tokens) {
  for (; n_tokens > 0; --n_tokens) p = nodes_[p].parent;
  retain(p);
  return p;
}
int TableDensity::n_live() const {
  return static_cast<int>(
      std::count_if(nodes_.begin() + 1, nodes_.end(), [](const Node& n) { return n.refs > 0; }));
}

Row TableDensity::row(Prefix p, const Needs& needs, const TokenMask* mask, Token target) const {
  const std::vector<double> lp = log_probs(nodes_[p].hash, mask);
  return small_row(lp, needs, target);
}

Status TableDensity::check(const Extend& e) const {
  const Prefix parent = e.parent.get();
  if (parent < 0 || parent >= static_cast<Prefix>(nodes_.size()) || nodes_[parent].refs <= 0)
    return Error{Code::kInvalid, "a live prefix", std::to_string(parent), "Extend::parent", ""};
  return check_request(*this, e, depth(parent));
}

Status TableDensity::extend(std::span<const Extend> requests, Rows& out) {
  out.start(requests.size());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const Extend& e = requests[r];
    out.first[r + 1] = out.first[r];
    out.status[r] = check(e);
    if (!out.status[r].ok()) continue;
    const int n = static_cast<int>(e.tokens.size()), begin = first_row(e);
    std::vector<Prefix> path{e.parent.get()};
    for (Token v : e.tokens) path.push_back(add(path.back(), v));
    for (std::size_t k = 1; k + 1 < path.size(); ++k) release(path[k]);
    if (n == 0) retain(path[0]);
    for (int k = begin; k < begin + n_rows(e); ++k)
      out.rows.push_back(row(path[k], e.needs, e.mask(k - begin), k < n ? e.tokens[k] : -1));
    out.first[r + 1] = static_cast<std::uint32_t>(out.rows.size());
    out.end[r] = PrefixRef::adopt(*this, path.back());
    (n == 1 ? out.cost[r].tokens_decoded : out.cost[r].tokens_scored) += n;
    cost_ += out.cost[r];
  }
  return out.first_error();
}

}  // namespace ponder
