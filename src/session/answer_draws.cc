// Draws, with or without replacement, and the one that is shown for an answer; and the greedy
// reply, of which confidences are taken.
#include <algorithm>
#include <utility>

#include "ponder/search/decode.h"
#include "session/answerer.h"

namespace ponder {
namespace {

// Share of the budget that is left, of draws before those that were cut are asked for their
// answers.
constexpr double kDrawShare = 0.75;

}  // namespace

int shown_draw(const DrawnAnswers& d, const std::string& answer) {
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < d.replies.size(); ++i)
    if (d.given[i] == answer) lengths.push_back(d.replies[i].tokens.size());
  if (lengths.empty()) return -1;
  std::sort(lengths.begin(), lengths.end());
  const std::size_t median = lengths[lengths.size() / 2];
  int best = -1;
  for (std::size_t i = 0; i < d.replies.size(); ++i) {
    if (d.given[i] != answer || d.replies[i].tokens.size() < median) continue;
    if (best < 0 || d.replies[i].logprob > d.replies[static_cast<std::size_t>(best)].logprob)
      best = static_cast<int>(i);
  }
  return best;
}

Status Answerer::by_draws() {
  PONDER_ASSIGN(const DrawnAnswers d, request_.distinct ? draw_distinct() : draw());
  fill(AnswerWay::kDraws, d.answers);
  report_.none = d.none;
  report_.settled = d.settled;
  report_.draws = d.n;
  report_.temperature = request_.temperature;
  for (std::size_t i = 0; i < d.replies.size(); ++i) {
    const Reply& r = d.replies[i];
    report_.drawn.push_back({{}, r.logprob, static_cast<int>(r.tokens.size())});
    if (d.given[i]) report_.drawn.back().answer = map_->shown(*d.given[i]);
  }
  for (std::size_t i = 0; i < d.answers.size(); ++i) {
    const int shown = shown_draw(d, d.answers[i].answer);
    if (shown < 0) continue;  // only draws that were cut gave it
    const Reply& reply = d.replies[static_cast<std::size_t>(shown)];
    report_.answers[i].text = session_.text().reply_text(reply.tokens);
    if (i > 0) continue;
    PONDER_ASSIGN(reply_, request_.distinct ? finished(reply, draw_law_) : whole_draw(shown));
    report_.answers[0].text = session_.text().reply_text(reply_.tokens);
  }
  return {};
}

Result<DrawnAnswers> Answerer::draw() {
  DrawsConfig c{.n = request_.draws, .enough = request_.enough};
  c.decode.temperature = request_.temperature;
  c.decode.seed = request_.seed;
  c.progress = [&](const std::vector<AnswerMass>& answers, int n) {
    tell(AnswerWay::kDraws, answers, 0, n);
  };
  PONDER_ASSIGN(DrawnAnswers d, draw_answers(session_.density(), prefill_.context(), draw_law_,
                                             *map_, spell(), c, prefill_.clock().rest(kDrawShare)));
  PONDER_TRY(ask_cut_draws(d));
  report_.open = d.n > 0 ? 0 : 1;
  return d;
}

// Those that are cut are not asked for their answers: at the horizon they have none.
Result<DrawnAnswers> Answerer::draw_distinct() {
  DistinctDrawsConfig c{
      .n = request_.draws, .temperature = request_.temperature, .seed = request_.seed};
  c.progress = [&](const std::vector<AnswerMass>& answers, int n) {
    tell(AnswerWay::kDraws, answers, 0, n);
  };
  PONDER_ASSIGN(DistinctAnswers d,
                draw_distinct_answers(session_.density(), prefill_.context(), draw_law_, *map_,
                                      spell(), c, prefill_.rest()));
  report_.distinct = true;
  report_.found = d.found;
  report_.open = d.open;
  return DrawnAnswers(std::move(d));
}

// The draw again, to its own end.
Result<Reply> Answerer::whole_draw(int number) {
  const DecodeConfig c{
      .temperature = request_.temperature, .seed = request_.seed, .first_stream = number};
  PONDER_ASSIGN(auto replies, decode(session_.density(), prefill_.context(), draw_law_, c, 1,
                                     {.stop = request_.budget.stop}));
  return std::move(replies[0]);
}

// Whatever is left of the budget: confidences of one answer must not depend on the machine.
Result<double> Answerer::greedy_log_prob() {
  constexpr int kMost = 64;
  PONDER_TRY(read_prompt());
  int n = 0;
  PONDER_ASSIGN(const auto replies, decode(session_.density(), prefill_.context(), draw_law_, {}, 1,
                                           {.stop = request_.budget.stop},
                                           [&](int, TokenProb) { return ++n < kMost; }));
  return n > 0 ? replies[0].logprob / n : 0;
}

}  // namespace ponder
