// ponder answer: the likeliest answer to a question, with its mass and what is proved of it; and
// the check of such a proof.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>

#include "answer_args.h"
#include "answer_print.h"
#include "calibrations.h"
#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/core/files.h"

namespace ponder::app {
namespace {

struct AnswerCommandArgs : RequestArgs {
  AnswerArgs how;
  std::string certificate, check, calibration;
  double risk = 1;
  bool force = false, uncalibrated = false;
};

Result<AnswerRequest> answer_request(const AnswerCommandArgs& a) {
  PONDER_ASSIGN(AnswerRequest r, a.how.request());
  r.record = !a.certificate.empty();
  r.risk = a.risk;
  if (!a.certificate.empty() && !a.lines.input.empty())
    return Error{Code::kInvalid, "--certificate with one question", "--input", "command line", ""};
  if (!a.certificate.empty()) PONDER_TRY(check_out(a.certificate, "--certificate", a.force));
  if (!a.calibration.empty()) {
    PONDER_ASSIGN(r.calibration, read_calibration(a.calibration));
  }
  return r;
}

Status answer_one(const AnswerCommandArgs& a, AnswerRequest r, Session& s, PromptRequest prompt,
                  bool json) {
  r.prompt = std::move(prompt);
  AnswerScreen screen(r.budget);
  if (!json) r.on_progress = [&](const AnswerProgress& p) { screen.progress(p); };
  PONDER_ASSIGN(const AnswerReport answer, s.answer(r));
  if (answer.record) PONDER_TRY(replace_file(a.certificate, to_json(*answer.record)));
  if (json)
    write_line(to_json(answer));
  else
    screen.answer(answer, stop_flag());
  return {};
}

// Always in f32, as a check demands.
Result<int> check_answer_record(const AnswerCommandArgs& a) {
  AnswerCheckRequest r{.where = a.check};
  PONDER_ASSIGN(const std::string text, read_all(a.check));
  PONDER_ASSIGN(r.record, parse_answer_record(text, a.check));
  ModelArgs model = a.model;
  model.precision = "f32";
  PONDER_ASSIGN(const auto session, open_session(model));
  work_begins();
  PONDER_ASSIGN(const AnswerCheckReport c, session->check_answer(r));
  if (a.json())
    write_line(to_json(c));
  else
    print_answer_check(c);
  return c.result.holds ? 0 : 1;
}

}  // namespace

Run add_answer(CLI::App& app) {
  auto a = std::make_shared<AnswerCommandArgs>();
  a->add(app);
  a->how.add(app);
  app.add_option("--risk", a->risk,
                 "hold back answers that are not sure enough for this share of wrong ones")
      ->check(CLI::Range(0.001, 1.));
  auto* file = app.add_option("--calibration", a->calibration,
                              "what ponder calibrate has written (default: what it keeps for the "
                              "model)");
  app.add_flag("--uncalibrated", a->uncalibrated, "use no calibration")->excludes(file);
  app.add_option("--certificate", a->certificate, "file to write what is proved to, for --check");
  app.add_flag("--force", a->force, "replace the file of an earlier --certificate");
  app.add_option("--check", a->check, "verify such a file in f32");
  app.footer(
      "A question in chat that lists options, one a line, has the options' own texts scored. Other "
      "questions are answered by the mass of all replies that give the same answer: by draws "
      "(replies of up to 512 tokens), and by enumeration (up to 40 tokens) where that proves the "
      "answer by a few times the work of the draws.\n"
      "Examples:\n  ponder answer 'Is the city of Lyon in France?'\n  ponder answer -p 'What is 14 "
      "plus 8?' --answer number --draws 16");
  return [a]() -> Result<int> {
    if (!a->check.empty()) return check_answer_record(*a);
    PONDER_ASSIGN(AnswerRequest request, answer_request(*a));
    bool looks = !request.calibration && !a->uncalibrated;
    return answer_requests(*a, [&](Session& s, PromptRequest prompt, bool json) -> Status {
      if (std::exchange(looks, false)) {
        PONDER_ASSIGN(request.calibration, find_calibration(s.text().file(), settings_of(request)));
      }
      return answer_one(*a, request, s, std::move(prompt), json);
    });
  };
}

}  // namespace ponder::app
