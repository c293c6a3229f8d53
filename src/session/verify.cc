// Session::verify: compares chains on the user's own model, restricted to a few ids and short
// replies, with the enumerated law. docs/methods.md#long-runs.
#include <algorithm>
#include <cmath>
#include <map>

#include "law/toy/enumerate.h"
#include "ponder/chains/diagnostics.h"
#include "session/prefill.h"
#include "session/sampler.h"

namespace ponder {
namespace {

constexpr int kIds = 5, kVerifyHorizon = 3, kVerifyChains = 16;
constexpr double kFloor = 0.02;     // largest TV that sampling noise alone may leave
constexpr int kMostDraws = 20'000;  // largest number of draws per chain

using ReplyLawTable = std::map<std::vector<Token>, double>;  // probability of each reply

// The model's end of turn, and the ids that are about as probable as it is after the prompt, so
// that replies of every length have a share of the law. Among the most probable ids, an end would
// be nearly impossible and all replies would have one length, so that a kernel that is wrong about
// lengths would pass.
Result<std::vector<Token>> small_vocabulary(Session& s, const PrefixRef& root) {
  const Extend ask{.parent = root, .needs = {.draw = {.kind = Draw::Kind::kList}}};
  Rows rows;
  PONDER_TRY(s.density().extend({&ask, 1}, rows));
  const Token end = s.text().tokenizer().end_of_turn().value_or(s.density().end_tokens().at(0));
  std::vector<TokenProb>& list = rows.rows[0].list;
  const auto of_end =
      std::find_if(list.begin(), list.end(), [&](const TokenProb& p) { return p.token == end; });
  const double level = of_end == list.end() ? list.back().logprob : of_end->logprob;
  std::erase_if(list, [&](const TokenProb& p) { return s.density().is_end(p.token); });
  std::stable_sort(list.begin(), list.end(), [&](const TokenProb& x, const TokenProb& y) {
    return std::abs(x.logprob - level) < std::abs(y.logprob - level);
  });
  std::vector<Token> ids;
  for (int k = 0; k < kIds && k < static_cast<int>(list.size()); ++k) ids.push_back(list[k].token);
  ids.push_back(end);
  return ids;
}

// Computes the total variation (TV) between the draws and the law, and its mean for as many
// independent draws as the effective sample size (the floor).
void fit(const Trace& t, const ReplyLawTable& law, VerifyAnswer& a) {
  a.tv = a.floor = 0;
  const auto n = static_cast<double>(t.replies.size() * t.replies[0].size());
  for (const auto& [reply, p] : law) {
    std::vector<std::vector<double>> is(t.replies.size());
    double share = 0;
    for (std::size_t c = 0; c < t.replies.size(); ++c)
      for (const auto& x : t.replies[c]) {
        is[c].push_back(x == reply);
        share += is[c].back() / n;
      }
    const double ess = std::max(ess_mean(is), 1.);
    a.tv += std::abs(share - p) / 2;
    a.floor += std::sqrt(2 * p * (1 - p) / (M_PI * ess)) / 2;
  }
}

Result<ReplyLawTable> enumerated(CausalDensity& d, const Energy& energy, const PrefixRef& root,
                                 const ReplyLaw& law) {
  PONDER_ASSIGN(const std::vector<Reply> replies, enumerate_replies(d, root, law));
  ReplyLawTable table;
  double sum = 0;
  for (const Reply& r : replies) {
    std::vector<ChainState> state;
    const Energy::Edit edit{.tail = r.tokens};
    PONDER_TRY(energy.evaluate({&edit, 1}, state));
    state[0].replica = static_cast<int>(energy.replicas().size()) - 1;
    const double p = std::exp(-energy.energy(state[0]));
    if (p > 0) sum += table[r.tokens] = p;
  }
  for (auto& [reply, p] : table) p /= sum;
  return table;
}

}  // namespace

Result<VerifyAnswer> Session::verify(const SampleRequest& given) {
  SampleRequest r = given;
  PONDER_ASSIGN(Prompt prompt, text_->prompt(r.prompt));
  prompt.question = text_->reply_text(prompt.ids);
  Prefill prefill(*this, r.budget);
  PONDER_TRY(prefill.read(prompt.ids));
  const PrefixRef& root = prefill.context();
  if (r.law.allowed.empty()) {
    PONDER_ASSIGN(r.law.allowed, small_vocabulary(*this, root));
  }
  // An end within so few tokens may be nearly impossible.
  if (r.law.target == Target::kEnded) r.law.target = Target::kTruncated;
  (r.law.target == Target::kFixed ? r.law.length : r.law.max_length) = kVerifyHorizon;
  PONDER_ASSIGN(const ReplyLaw law, r.law.law(kVerifyHorizon, prompt.ids.size(), *density_));
  PONDER_ASSIGN(const auto sampler, Sampler::make(r, *this, law, root, prompt));
  PONDER_ASSIGN(const ReplyLawTable table, enumerated(*density_, sampler->energy, root, law));

  ChainsConfig c = r.chains;
  c.chains = std::max(c.chains, kVerifyChains);
  PONDER_ASSIGN(Chains chains, Chains::start(sampler->energy, *sampler->kernel, c));
  const Clock& clock = prefill.clock();
  VerifyAnswer a;
  for (int next = 250; a.floor > kFloor && chains.n_draws() < kMostDraws && !clock.over();
       next *= 2) {
    while (chains.n_draws() < next && !clock.over()) PONDER_TRY(chains.step());
    if (chains.n_draws() >= 4) fit(chains.trace(), table, a);
  }
  a.enough = a.floor <= kFloor;
  a.passed = a.enough && a.tv <= 2 * a.floor;
  a.replies = table.size();
  a.draws = chains.n_draws() * c.chains;
  a.law = std::move(r.law);
  return a;
}

}  // namespace ponder
