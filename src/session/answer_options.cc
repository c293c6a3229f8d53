// A question that lists its options: their own texts are scored, as answers to the question without
// letters. Letters of small models say little about what the model knows; the text of an option
// does, in a sentence that begins like an answer, and with part of what makes it likely anywhere
// divided out. docs/answers.md#options.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "answer/shares.h"
#include "base/log_sum_exp.h"
#include "ponder/answer/labels.h"
#include "session/answerer.h"

namespace ponder {
namespace {

// Sentences that an option's text ends.
constexpr std::array<std::string_view, 3> kFrames{"The answer is ", "The answer is: ", "Answer: "};
// A question that says nothing, and how much of an option's log-probability after it is divided
// out.
constexpr std::string_view kNeutral = "Give an answer.";
constexpr double kPriorShare = 0.5;

// Other labels may have all of a label's mass.
double at_least(double log_mass) {
  constexpr double kLeast = -1e4;
  return std::max(log_mass, kLeast);
}

}  // namespace

// Scores of the options, in their order: the mean over the sentences, nats.
Result<std::vector<double>> Answerer::option_scores(Session& s, const OptionsQuestion& q) const {
  const TextModel& text = s.text();
  const auto& conversation = std::get<Conversation>(request_.prompt);
  std::vector<LabelsQuestion> questions;
  for (const std::string_view asked : {std::string_view(q.stem), kNeutral}) {
    PONDER_ASSIGN(const Prompt p, text.prompt(asking(conversation, asked)));
    PONDER_ASSIGN(const PrefixRef context, s.context(p.ids));
    for (const std::string_view frame : kFrames) {
      LabelsQuestion l{.context = context};
      for (const AnswerOption& o : q.options) {
        PONDER_ASSIGN(auto tokens, text.reply({std::string(frame) + o.text}));
        l.labels.push_back({o.letter, {{std::move(tokens)}}});
      }
      questions.push_back(std::move(l));
    }
  }
  const auto masses = label_masses(s.density(), questions);
  std::vector<double> score(q.options.size());
  for (std::size_t f = 0; f < kFrames.size(); ++f) {
    const auto &asked = masses[f], &neutral = masses[kFrames.size() + f];
    if (!asked.ok()) return asked.error();
    if (!neutral.ok()) return neutral.error();
    for (std::size_t i = 0; i < score.size(); ++i)
      score[i] +=
          (at_least(asked->log_masses[i]) - kPriorShare * at_least(neutral->log_masses[i])) /
          static_cast<double>(kFrames.size());
  }
  return score;
}

Status Answerer::by_options(const OptionsQuestion& q) {
  PONDER_ASSIGN(map_, make_choice_map(q.options));
  report_.map = map_->name();
  std::vector<double> score;
  const auto ask = [&](Session& s) -> Status {
    PONDER_ASSIGN(score, option_scores(s, q));
    return {};
  };
  const auto is_first = [&](double error) {
    // Two options change places only if rounding changes one score up and the other down.
    const double most = 2 * 2 * (1 + kPriorShare) * error;
    std::vector<double> best = score;
    std::sort(best.begin(), best.end(), std::greater<>());
    return best[0] - best[1] > most;
  };
  PONDER_TRY(ask_until_sure(ask, is_first));
  const double sum = log_sum_exp(score);
  std::vector<AnswerMass> answers;
  for (std::size_t i = 0; i < score.size(); ++i) {
    const double p = std::exp(score[i] - sum);
    answers.push_back({q.options[i].letter, p, p, p});
  }
  sort_by_mass(answers);
  fill(AnswerWay::kOptions, std::move(answers));
  for (AnswerReport::One& a : report_.answers) a.text = a.answer;
  PONDER_ASSIGN(reply_.tokens, session_.text().reply({*report_.answer}));
  return {};
}

}  // namespace ponder
