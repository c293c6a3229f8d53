// Draws in waves; the stop is decided draw by draw, in order, so that the size of a wave changes
// nothing.
#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <map>
#include <utility>

#include "ponder/answer/posterior.h"
#include "search/clock.h"

namespace ponder {
namespace {

// Counts of answers, the draws taken one by one.
class Tally {
 public:
  void add(const std::optional<std::string>& answer) {
    ++n_;
    if (answer)
      ++count_[*answer];
    else
      ++none_;
  }
  // Under a uniform prior over the shares of the two leaders, the probability that the first has
  // the larger share.
  double lead() const {
    int first = 0, second = 0;
    for (const auto& [answer, k] : count_) {
      second = std::max(second, std::min(k, first));
      first = std::max(first, k);
    }
    return first == second ? 0.5 : boost::math::ibetac(first + 1., second + 1., 0.5);
  }
  std::vector<AnswerMass> shares() const {
    std::vector<AnswerMass> all;
    for (const auto& [answer, k] : count_) {
      const Interval i = wilson(k, n_);
      all.push_back({answer, static_cast<double>(k) / n_, i.lower, i.upper});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const AnswerMass& a, const AnswerMass& b) { return a.mass > b.mass; });
    return all;
  }
  double none() const { return n_ > 0 ? static_cast<double>(none_) / n_ : 0; }
  int n() const { return n_; }

 private:
  std::map<std::string, int> count_;
  int none_ = 0, n_ = 0;
};

std::optional<std::string> answer_of(const Reply& r, const ReplyLaw& law, const PrefixMap& map,
                                     const Spell& spell) {
  const std::string text = spell(std::span(r.tokens).first(r.tokens.size() - (r.ended ? 1 : 0)));
  if (r.ended || law.target() == Target::kFixed) return map.answer(text);
  return map.read(text).answer;
}

}  // namespace

Interval wilson(double k, double n, double z) {
  if (n <= 0) return {};
  const double p = k / n, zz = z * z / n, middle = (p + zz / 2) / (1 + zz);
  const double half = z / (1 + zz) * std::sqrt(p * (1 - p) / n + zz / (4 * n));
  return {std::clamp(middle - half, 0., p), std::clamp(middle + half, p, 1.)};
}

Result<DrawnAnswers> draw_answers(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                                  const PrefixMap& map, const Spell& spell, const DrawsConfig& c,
                                  const Budget& budget) {
  if (c.n < 1 || c.batch < 1 || !(c.enough > 0.5 && c.enough <= 1))
    return Error{Code::kInvalid, "draws and batch of at least 1, enough above 0.5, up to 1",
                 "draws " + std::to_string(c.n), "draws of answers", ""};
  if (c.n > 1 && c.decode.temperature == 0)
    return Error{Code::kInvalid, "a temperature above 0", "0", "draws of answers",
                 "all draws of a greedy decoder are the same reply"};
  const Clock clock(d, budget);
  DrawnAnswers out;
  Tally tally;
  while (tally.n() < c.n && !out.settled && !clock.over()) {
    DecodeConfig decode_config = c.decode;
    decode_config.first_stream = tally.n();
    const int wave = std::min(c.batch, c.n - tally.n());
    PONDER_ASSIGN(auto replies, decode(d, context, law, decode_config, wave, clock.rest()));
    for (Reply& r : replies) {
      const bool whole = r.ended || static_cast<int>(r.tokens.size()) == law.horizon();
      if (!whole || out.settled) break;  // the budget cut it, and the draws after it do not count
      out.given.push_back(answer_of(r, law, map, spell));
      tally.add(out.given.back());
      out.replies.push_back(std::move(r));
      out.settled = tally.lead() >= c.enough && c.enough < 1;
    }
    if (c.progress) c.progress(tally.shares(), tally.n());
  }
  out.answers = tally.shares();
  out.none = tally.none();
  out.n = tally.n();
  return out;
}

}  // namespace ponder
