// ponder calibrate: asks questions whose answers are known, and keeps what their answers show of
// how likely an answer is right: ponder answer prints that probability then, and can hold answers
// back (--risk).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>

#include "answer_args.h"
#include "calibrations.h"
#include "live_line.h"
#include "open_model.h"
#include "out_file.h"
#include "ponder/core/files.h"
#include "text_column.h"

namespace ponder::app {
namespace {

struct CalibrateArgs {
  ModelArgs model;
  AnswerArgs how;
  std::string questions, out;
  double risk = 0.2;
  bool json = false, force = false;
};

// All lines of the file, before any is asked: a wrong one is told while nothing is lost.
Result<std::vector<KnownQuestion>> read_questions(const std::string& path, int n_vocab) {
  std::vector<KnownQuestion> all;
  const auto add = [&](int, const std::string& line) -> Status {
    PONDER_ASSIGN(KnownQuestion q, parse_known_question(line, n_vocab));
    all.push_back(std::move(q));
    return {};
  };
  const auto tell = [&](int n, Error e) -> Status {
    e.where = fmt::format("{}, line {}{}{}", path, n + 1, e.where.empty() ? "" : ", ", e.where);
    return e;
  };
  PONDER_TRY(for_text_lines(path, {.fn = add, .on_error = tell}).status());
  return all;
}

std::string whole_percent(double p) { return fmt::format("{:.0f} %", 100 * p); }

void print_group(const CalibrateAnswer::Group& g, const Calibration& c, double risk) {
  write_column("group", fmt::format("{}: {} answers, half of them held out", g.name, g.n));
  const ConfidenceFigures& f = g.held;
  write_column("", fmt::format("held out: {} right; AUROC {:.2f}, expected calibration error "
                               "{:.3f}, Brier score {:.3f}",
                               whole_percent(f.right), f.auroc, f.calibration_error, f.brier));
  const auto limit = limit_risk(c, risk);
  if (!limit)
    return write_column("", fmt::format("risk {:g}: these questions show it of no answer", risk));
  write_column("", fmt::format("risk {:g}: {} answered, {} of them wrong (at most {} with a "
                               "probability of 90 %)",
                               risk, whole_percent(static_cast<double>(limit->given) / f.n),
                               whole_percent(static_cast<double>(limit->wrong) / limit->given),
                               whole_percent(limit->bound)));
}

void print_calibration(const CalibrateAnswer& a, double risk, const std::string& path) {
  write_column("asked",
               fmt::format("{} questions, {} right, {:.0f} s", a.asked, a.right, a.run.seconds));
  for (std::size_t i = 0; i < a.groups.size(); ++i)
    print_group(a.groups[i], a.record.groups[i].calibration, risk);
  for (const std::string& note : a.notes) write_column("note", note);
  write_column("kept", path.empty() ? "nothing: no group can be calibrated" : path);
  flush();
}

Result<int> run_calibrate(const CalibrateArgs& a) {
  CalibrateRequest r;
  PONDER_ASSIGN(r.ask, a.how.request());
  if (!a.out.empty()) PONDER_TRY(check_out(a.out, "--out", a.force));
  PONDER_ASSIGN(const auto session, open_session(a.model, true));
  const TextModel& text = session->text();
  PONDER_ASSIGN(r.questions, read_questions(a.questions, text.tokenizer().n_vocab()));
  const std::string path = a.out.empty() ? calibration_path(text.file()) : a.out;
  if (a.out.empty()) PONDER_TRY(make_folder(std::filesystem::path(path).parent_path()));
  work_begins();
  LiveLine line(Budget{});
  double seconds = 0;
  int right = 0;
  r.on_answer = [&](const JudgedReport& j) {
    seconds += j.report->run.seconds;
    right += j.right;
    const std::size_t n = j.question + 1;
    line.show({.stage = "calibrate",
               .seconds = seconds,
               .head = [&] { return fmt::format("{} of {}", n, r.questions.size()); },
               .text = [&] { return fmt::format("{} right", right); }});
  };
  PONDER_ASSIGN(const CalibrateAnswer answer, session->calibrate(r));
  line.clear();
  const bool some = !answer.record.groups.empty();
  if (some) PONDER_TRY(replace_file(path, to_json(answer.record)));
  if (a.json)
    write_line(to_json(answer, a.risk));
  else
    print_calibration(answer, a.risk, some ? path : "");
  return some ? 0 : 1;
}

}  // namespace

Run add_calibrate(CLI::App& app) {
  auto a = std::make_shared<CalibrateArgs>();
  a->model.add(app, true);
  app.add_option(
         "--questions", a->questions,
         "questions with known answers, one JSON object a line: a request, and \"answers\"; "
         "- is stdin")
      ->required();
  a->how.add(app);
  app.add_option("--risk", a->risk, "the share of wrong answers that the report speaks of")
      ->check(CLI::Range(0.001, 0.999));
  app.add_option("-o,--out", a->out, "file to keep it in (default: the user's data folder)");
  app.add_flag("--force", a->force, "replace the file of an earlier --out");
  app.add_flag("--json", a->json, "print one JSON object");
  app.footer(
      "Every question is asked as ponder answer asks it, with the same settings; --budget is that "
      "of one question. One half of them, drawn by the seed, fits a logistic and an isotonic "
      "regression, the other tests them. At least 40 questions are needed for each way of "
      "answering. Ctrl-C keeps what has been asked so far.\n"
      "Then: ponder answer --risk 0.2 …\n"
      "Examples:\n  ponder calibrate --questions known.jsonl\n  ponder calibrate --questions "
      "known.jsonl --answer yesno --risk 0.1 -o yesno.json");
  return [a] { return run_calibrate(*a); };
}

}  // namespace ponder::app
