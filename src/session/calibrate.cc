// Session::calibrate: asks known questions one by one, and fits a calibration to every group of
// questions that are answered alike.
#include <fmt/format.h>

#include <map>
#include <utility>

#include "ponder/session.h"
#include "session/confidence.h"

namespace ponder {
namespace {

Status check_questions(const CalibrateRequest& r) {
  if (r.questions.empty())
    return Error{Code::kInvalid, "questions with known answers", "none", "calibration", ""};
  for (std::size_t i = 0; i < r.questions.size(); ++i)
    if (r.questions[i].answers.empty())
      return Error{Code::kInvalid, "at least one known answer", "none",
                   "question " + std::to_string(i + 1), ""};
  return {};
}

}  // namespace

Result<CalibrateAnswer> Session::calibrate(const CalibrateRequest& r) {
  PONDER_TRY(check_questions(r));
  AnswerRequest ask = r.ask;
  ask.calibration = nullptr;
  ask.risk = 1;
  ask.features = true;
  CalibrateAnswer a;
  a.record = {text_->file().name(), text_->file().sha256(), settings_of(ask), {}};
  std::map<std::string, std::vector<JudgedAnswer>> groups;
  for (std::size_t i = 0; i < r.questions.size(); ++i) {
    if (ask.budget.stop && *ask.budget.stop) break;
    ask.prompt = r.questions[i].prompt;
    const auto report = answer(ask);
    if (!report.ok()) {
      a.notes.push_back("question " + std::to_string(i + 1) + ": " + report.error().message());
      continue;
    }
    const bool right = is_right(*report, r.questions[i].answers);
    ++a.asked;
    a.right += right;
    a.run.cost += report->run.cost;
    a.run.seconds += report->run.seconds;
    // No answer is no answer that could be held back.
    if (report->answer)
      groups[confidence_group(*report)].push_back({confidence_features(*report), right});
    if (r.on_answer) r.on_answer({i, &*report, right});
  }
  for (const auto& [name, answers] : groups) {
    auto c = fit_calibration(confidence_features(), answers, ask.seed);
    if (!c.ok()) {
      a.notes.push_back("group \"" + name + "\" is left out: " + c.error().message());
      continue;
    }
    a.groups.push_back({name, static_cast<int>(answers.size()), confidence_figures(c->held)});
    a.record.groups.push_back({name, std::move(*c)});
  }
  a.run.precision = model_->info().precision;
  a.run.model = text_->shared_file();
  return a;
}

}  // namespace ponder
