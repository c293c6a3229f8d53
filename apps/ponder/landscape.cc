// ponder landscape: a picture of two paths over a slice of the noise space: gradient ascent and
// Hamiltonian Monte Carlo.
#include "landscape.h"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <iostream>

#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/wire.h"

namespace ponder::app {
namespace {

constexpr std::size_t kLine = 100;  // most bytes of a text above the picture

struct LandscapeArgs {
  ModelArgs model;
  PromptArgs prompt;
  LawArgs law;
  bool toy = false, json = false, force = false;
  std::string out;
  // only its numbers are set here; the rest is made from the other options
  LandscapeRequest request;
};

// A progress line on stderr, if stderr is a terminal.
class Line {
 public:
  ~Line() {
    if (on_) std::cerr << "\r\x1b[K" << std::flush;
  }
  void show(const LandscapeProgress& p) const {
    if (on_)
      std::cerr << fmt::format("\r\x1b[K{}: {} {} of {}", p.stage, p.unit, p.done, p.all)
                << std::flush;
  }

 private:
  bool on_ = isatty(STDERR_FILENO) != 0;
};

std::string shortened(const std::string& s, std::size_t most) {
  if (s.size() <= most) return s;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(s[end]) & 0xc0) == 0x80)
    --end;  // cuts only between characters
  return s.substr(0, end) + "…";
}

Caption toy_caption(const LandscapeAnswer& l) {
  return {.title = {fmt::format("Two hills under a standard normal base, alpha = {:g}", l.alpha)},
          .u_label = "u (standard deviations of the base)",
          .v_label = "v (standard deviations of the base)",
          .start_name = "lower hill",
          .goal_name = "higher hill"};
}

Caption model_caption(const LandscapeAnswer& l) {
  const auto end = [&](const char* name, int peak) {
    const auto& p = l.peaks[static_cast<std::size_t>(peak)];
    return fmt::format("{}: {}   log p {:.2f}", name, shortened(one_line(p.text), kLine),
                       p.logprob);
  };
  return {
      .title = {shortened(one_line(l.question), kLine), end("start", l.start), end("goal", l.goal)},
      .u_label = "u: noise, from the start to the goal (standard deviations)",
      .v_label = "v: noise, across it (standard deviations)",
      .start_name = "start",
      .goal_name = "goal"};
}

void print_landscape(const LandscapeAnswer& l) {
  for (const auto& [what, peak] : {std::pair("start   ", l.start), {"goal    ", l.goal}}) {
    const auto& p = l.peaks[static_cast<std::size_t>(peak)];
    write(fmt::format("{}{}   log p {:.2f}   {:.3g} % of the target's mass on the square\n", what,
                      one_line(p.text), p.logprob, 100 * l.share(peak)));
  }
  write(fmt::format("square  {} x {} cells, {} replies\n", l.survey.n, l.survey.n, l.peaks.size()));
  for (const auto& w : l.walks)
    write(fmt::format("{:<8}{}; {} come to a reply more probable than the start; {} points each\n",
                      w.name, counted(w), w.improved, w.points));
  std::string names;
  for (const std::string& f : l.files) names += (names.empty() ? "" : " ") + f;
  write("files   " + names + "\n");
  flush();
}

Result<LandscapeAnswer> answer(const LandscapeArgs& a) {
  LandscapeRequest r = a.request;
  r.law = a.law.request();
  r.budget.stop = &stop_flag();
  std::unique_ptr<Session> session;
  if (!a.toy) {
    // A missing prompt is reported before the model is loaded.
    PONDER_ASSIGN(r.prompt, a.prompt.request());
    PONDER_ASSIGN(session, open_session(a.model));
  }
  work_begins();
  const Line line;
  r.progress = [&](const LandscapeProgress& p) { line.show(p); };
  return session ? session->landscape(r) : two_hills(r);
}

// Writes the numbers so far; if they are complete, draws the picture and prints the answer.
Result<int> run_landscape(const LandscapeArgs& a) {
  if (a.toy && !(a.prompt.text.empty() && a.prompt.file.empty()))
    return Error{Code::kInvalid, "a prompt or --toy", "both", "command line",
                 "leave one of them out"};
  for (const std::string& f : landscape_files(a.out)) PONDER_TRY(check_out(f, "--out", a.force));
  PONDER_ASSIGN(LandscapeAnswer l, answer(a));
  PONDER_TRY(write_csv(l, a.out));
  if (!l.complete) {
    std::cerr << "ponder: stopped; the numbers so far are in " << a.out << ".csv\n";
    return 1;  // a signal's exit code takes precedence
  }
  PONDER_TRY(draw(l, a.toy ? toy_caption(l) : model_caption(l), a.out));
  l.files = landscape_files(a.out);
  if (a.json)
    write_line(to_json(l));
  else
    print_landscape(l);
  return 0;
}

}  // namespace

std::string counted(const LandscapeAnswer::Walk& w) {
  return fmt::format("{} of {} seeds escape", w.escaped, w.paths.size());
}

Run add_landscape(CLI::App& app) {
  auto a = std::make_shared<LandscapeArgs>();
  a->model.add(app, true);
  a->prompt.add(app);
  a->law.add(app);
  app.add_flag("--toy", a->toy, "two hills instead of a model");
  app.add_option("--out", a->out, "NAME of the files: NAME.png, NAME.svg, NAME.csv, …")->required();
  app.add_flag("--force", a->force, "replace the files of an earlier run at --out");
  app.add_option("--size", a->request.size, "cells along each side")->check(CLI::Range(2, 1024));
  app.add_option("--alpha", a->request.alpha, "exponent of the target p^alpha (default: 4; toy: 1)")
      ->check(CLI::Range(0.01, 1000.));
  app.add_option("--seeds", a->request.seeds, "starts; each method makes one path from each")
      ->check(CLI::Range(1, 10000));
  app.add_option("--points", a->request.points, "points of each path")
      ->check(CLI::Range(3, 1000000));
  app.add_option("-s,--seed", a->request.seed, "seed of the noise, the starts and the chains");
  app.add_flag("--json", a->json, "print one JSON object");
  app.footer(
      "The start is the ordinary reply, the goal the best one of a beam. A path escapes when it "
      "comes to the goal, or "
      "to a\nreply more probable still. Replies are of up to 24 tokens unless "
      "--max-length says otherwise.\n"
      "Examples:\n  ponder landscape --toy --out two-hills\n"
      "  ponder landscape -p 'What is the sum of 14 and 8?' --max-length 30 --out sum");
  return [a] { return run_landscape(*a); };
}

}  // namespace ponder::app
