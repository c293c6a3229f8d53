// Energy: turns edits into requests of one batch and rows into states, and computes U.
// docs/methods.md#targets.
#include "ponder/energy/energy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace ponder {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Error bad(const std::string& expected, const std::string& got) {
  return {Code::kInvalid, expected, got, "the target of sampling", ""};
}

// The first `from` entries, or none where v is empty.
std::vector<double> head(const std::vector<double>& v, int from) {
  return v.empty() ? v : std::vector<double>(v.begin(), v.begin() + from);
}

}  // namespace

Result<Energy> Energy::make(CausalDensity& d, const PrefixRef& context, ReplyLaw law,
                            std::vector<Replica> replicas,
                            std::vector<std::unique_ptr<Term>> terms) {
  if (replicas.empty()) replicas.push_back({1, std::vector<double>(terms.size(), 0.)});
  for (const Replica& r : replicas) {
    if (!std::isfinite(r.alpha) || r.alpha < 0)
      return bad("a finite alpha of at least 0", std::to_string(r.alpha));
    if (r.beta.size() != terms.size())
      return bad(std::to_string(terms.size()) + " weights of terms", std::to_string(r.beta.size()));
    for (double b : r.beta)
      if (!std::isfinite(b)) return bad("finite weights of terms", std::to_string(b));
  }
  Energy e(d, context, std::move(law));
  e.replicas_ = std::move(replicas);
  e.terms_ = std::make_shared<const std::vector<std::unique_ptr<Term>>>(std::move(terms));
  return e;
}

double Energy::bias(const ChainState& s, int replica) const {
  const std::vector<double>& beta = replicas_[replica].beta;
  double sum = 0;
  for (std::size_t k = 0; k < beta.size(); ++k)
    if (beta[k] != 0) sum += beta[k] * s.terms[k];  // skips 0 times -inf, which is NaN
  return sum;
}

double Energy::energy(const ChainState& s, int replica) const {
  if (!s.supported) return kInfinity;
  return -replicas_[replica].alpha * s.logprob - bias(s, replica);
}

Status Energy::evaluate(std::span<const Edit> edits, std::vector<ChainState>& out) const {
  out.assign(edits.size(), {});
  std::vector<Extend> batch;
  for (const auto& [base, from, tail] : edits) {
    if (tail.empty()) return bad("a reply of at least one token", "none");
    batch.push_back({.parent = base ? base->prefix(from) : context_,
                     .tokens = tail,
                     .rows = RowSet::kTargets,
                     .masks = law_.masks(tail.size(), from)});
    if (base)
      batch.back().needs = {
          .alpha = base->lz_alpha, .lz = !base->lz.empty(), .entropy = !base->entropy.empty()};
  }
  Rows rows;
  PONDER_TRY(density_->extend(batch, rows));
  for (std::size_t i = 0; i < edits.size(); ++i) {
    ChainState& s = out[i];
    const Needs& needs = batch[i].needs;
    if (const ChainState* base = edits[i].base) {
      s.tokens.assign(base->tokens.begin(), base->tokens.begin() + edits[i].from);
      s.replica = base->replica;
      s.lz_alpha = base->lz_alpha;
      s.logprobs = head(base->logprobs, edits[i].from);
      s.lz = head(base->lz, edits[i].from);
      s.entropy = head(base->entropy, edits[i].from);
    }
    s.tokens.insert(s.tokens.end(), edits[i].tail.begin(), edits[i].tail.end());
    for (const Row& r : rows.of(i)) {
      s.logprobs.push_back(r.logprob);
      if (needs.lz) s.lz.push_back(r.lz);
      if (needs.entropy) s.entropy.push_back(r.entropy);
    }
    s.node = rows.end[i].ancestor(1);
  }
  return finish(out);
}

Status Energy::add_rows(std::span<ChainState> states, std::span<const double> lz_alpha,
                        bool entropy) const {
  std::vector<Extend> batch;
  const auto lacks_lz = [&](std::size_t i) {
    return !std::isnan(lz_alpha[i]) && (states[i].lz.empty() || states[i].lz_alpha != lz_alpha[i]);
  };
  const auto lacks_entropy = [&](std::size_t i) { return entropy && states[i].entropy.empty(); };
  std::vector<std::size_t> incomplete;
  for (std::size_t i = 0; i < states.size(); ++i)
    if (lacks_lz(i) || lacks_entropy(i)) incomplete.push_back(i);
  if (incomplete.empty()) return {};
  for (std::size_t i : incomplete)
    for (int t = 0; t < states[i].n(); ++t)
      batch.push_back({.parent = states[i].prefix(t),
                       .rows = RowSet::kLast,
                       .needs = {.alpha = lacks_lz(i) ? lz_alpha[i] : 1,
                                 .lz = lacks_lz(i),
                                 .entropy = lacks_entropy(i)},
                       .masks = {law_.mask(t)}});
  Rows rows;
  PONDER_TRY(density_->extend(batch, rows));
  std::size_t r = 0;
  for (std::size_t i : incomplete) {
    ChainState& s = states[i];
    const bool lz = lacks_lz(i), h = lacks_entropy(i);
    if (lz) s.lz.clear(), s.lz_alpha = lz_alpha[i];
    for (int t = 0; t < s.n(); ++t, ++r) {
      if (lz) s.lz.push_back(rows.rows[r].lz);
      if (h) s.entropy.push_back(rows.rows[r].entropy);
    }
  }
  return {};
}

Status Energy::finish(std::span<ChainState> states) const {
  std::vector<std::span<const Token>> replies;
  std::vector<ChainState*> supported;
  for (ChainState& s : states) {
    s.logprob = 0;
    for (double lp : s.logprobs) s.logprob += lp;
    s.terms.assign(terms_->size(), 0);
    s.supported = law_.is_reply(s.tokens) && s.logprob > -kInfinity;
    if (!s.supported) continue;
    replies.emplace_back(s.tokens);
    supported.push_back(&s);
  }
  std::vector<double> values(replies.size());
  for (std::size_t k = 0; k < terms_->size() && !replies.empty(); ++k) {
    PONDER_TRY((*terms_)[k]->evaluate(replies, values));
    for (std::size_t i = 0; i < supported.size(); ++i) supported[i]->terms[k] = values[i];
  }
  return {};
}

}  // namespace ponder
