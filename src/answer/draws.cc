// Draws in waves; the stop is decided draw by draw, in order, so that the size of a wave changes
// nothing.
#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <map>
#include <utility>

#include "answer/shares.h"
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
    double first = 0, second = 0;
    for (const auto& [answer, k] : count_) {
      second = std::max(second, std::min(k, first));
      first = std::max(first, k);
    }
    return first == second ? 0.5 : boost::math::ibetac(first + 1, second + 1, 0.5);
  }
  std::vector<AnswerMass> shares() const { return shares_of(count_, n_); }
  double none() const { return n_ > 0 ? static_cast<double>(none_) / n_ : 0; }
  int n() const { return n_; }

 private:
  std::map<std::string, double> count_;
  int none_ = 0, n_ = 0;
};

// The draws of one wave. A draw is over as soon as it has decided its answer: what follows changes
// no answer, and costs.
class Wave {
 public:
  Wave(const ReplyLaw& law, const PrefixMap& map, const Spell& spell, int n)
      : law_(law),
        map_(map),
        spell_(spell),
        tokens_(static_cast<std::size_t>(n)),
        readings_(static_cast<std::size_t>(n)) {}

  bool goes_on(int stream, Token v) {
    const auto k = static_cast<std::size_t>(stream);
    tokens_[k].push_back(v);
    if (!map_.can_decide() || law_.is_end(v)) return true;
    readings_[k] = map_.read(spell_(tokens_[k]));
    return !readings_[k].decided;
  }
  // False: the budget cut it before it was whole.
  bool answer(std::size_t k, const Reply& r, std::optional<std::string>& out) const {
    const bool at_horizon = static_cast<int>(r.tokens.size()) == law_.horizon();
    if (readings_[k].decided) {
      out = readings_[k].answer;
    } else if (r.ended || (at_horizon && law_.target() == Target::kFixed)) {
      out = map_.answer(spell_(std::span(r.tokens).first(r.tokens.size() - (r.ended ? 1 : 0))));
    } else {
      out.reset();
      return at_horizon;
    }
    return true;
  }

 private:
  const ReplyLaw& law_;
  const PrefixMap& map_;
  const Spell& spell_;
  std::vector<std::vector<Token>> tokens_;
  std::vector<Reading> readings_;
};

}  // namespace

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
  while (tally.n() < c.n && !out.settled && out.unfinished.empty() && !clock.over()) {
    DecodeConfig decode_config = c.decode;
    decode_config.first_stream = tally.n();
    const int wave = std::min(c.batch, c.n - tally.n());
    Wave readings(law, map, spell, wave);
    const auto on_token = [&](int k, TokenProb v) { return readings.goes_on(k, v.token); };
    PONDER_ASSIGN(auto replies,
                  decode(d, context, law, decode_config, wave, clock.rest(), on_token));
    for (std::size_t k = 0; k < replies.size(); ++k) {
      std::optional<std::string> answer;
      // Where the budget cut a draw, those after it do not count either: short draws are over
      // first, and would count too often.
      if (out.settled) break;
      if (!out.unfinished.empty() || !readings.answer(k, replies[k], answer)) {
        out.unfinished.push_back(std::move(replies[k]));
        continue;
      }
      tally.add(answer);
      out.given.push_back(std::move(answer));
      out.replies.push_back(std::move(replies[k]));
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
