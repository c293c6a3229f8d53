// ponder landscape: two paths over a slice of the noise space, as a picture: gradient ascent, and Hamiltonian Monte
// Carlo.
#include "landscape.h"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <iostream>

#include "landscape/noise_plane.h"
#include "out_file.h"
#include "output.h"
#include "ponder/decode.h"

namespace ponder::app {
namespace {

constexpr int kHorizon = 24;  // tokens, unless --max-length says otherwise
constexpr int kBeam = 16;
constexpr std::size_t kLine = 100;  // bytes of a text above the picture
constexpr double kMargin = 2;       // of the square around what it must show, standard deviations

struct Args {
  ModelArgs model;
  PromptArgs prompt;
  LawArgs law;
  bool toy = false, json = false, force = false;
  std::string out;
  int size = 96, seeds = 100, points = 300;
  double alpha = 0;  // 0: not given
  std::uint64_t seed = 0;
};

// A line on stderr, where that is a terminal; and the end on a signal.
class Line {
 public:
  ~Line() {
    if (on_) std::cerr << "\r\x1b[K" << std::flush;
  }
  /// Is there to be more?
  bool show(const std::string& what, int done, int all) const {
    if (on_) std::cerr << fmt::format("\r\x1b[K{}: {} of {}", what, done, all) << std::flush;
    return !stop_flag();
  }

 private:
  bool on_ = isatty(STDERR_FILENO) != 0;
};

std::string counted(const Walk& w) { return fmt::format("{} of {} seeds escape", w.escaped, w.paths.size()); }

void count(const Surface& surface, const Landscape& l, Walk& w) {
  for (const Path& p : w.paths) {
    const double height = highest(surface, p);
    w.escaped += height >= surface.height(l.goal);
    w.improved += height > surface.height(l.start);
  }
}

// The cells, the starts and both methods' paths. Stopped (kCancelled): what was reached stands.
Status explore(const Args& a, Surface& surface, std::span<const Point> show, Landscape& l) {
  work_begins();
  const Line line;
  const std::vector<Point> in_sight(show.begin(), show.end());
  l.survey = square_around(in_sight, kMargin, a.size);
  PONDER_TRY(look_around(surface, l.survey, [&](int rows) { return line.show("cells: row", rows, a.size); }));
  std::vector<Point> starts;
  PONDER_TRY(draw_starts(surface, l.survey, l.start, a.seeds, a.seed, starts));
  HmcPathConfig chain{.seed = a.seed};
  chain.trajectories = a.points / chain.steps;
  const int points = chain.trajectories * chain.steps;
  l.walks = {{.name = "ascent", .title = "Gradient ascent", .points = points},
             {.name = "hmc", .title = "Hamiltonian Monte Carlo", .points = points}};
  PONDER_TRY(climb(surface, starts, {.steps = points}, l.walks[0].paths,
                   [&](int k) { return line.show("ascent: point", k, points); }));
  PONDER_TRY(hmc(surface, starts, chain, l.walks[1].paths, [&](int k) { return line.show("hmc: point", k, points); }));
  for (Walk& w : l.walks) {
    count(surface, l, w);
    w.title += ": " + counted(w);
  }
  return {};
}

double share_of(const std::vector<double>& shares, int peak) {
  return peak < static_cast<int>(shares.size()) ? shares[peak] : 0;
}

void print(const Landscape& l, const std::vector<std::string>& files) {
  const std::vector<double> shares = l.survey.shares();
  for (const auto& [what, peak] : {std::pair("start   ", l.start), {"goal    ", l.goal}})
    write(fmt::format("{}{}   log p {:.2f}   {:.3g} % of the target's mass on the square\n", what,
                      one_line(l.peaks[peak]), l.heights[peak], 100 * share_of(shares, peak)));
  write(fmt::format("square  {} x {} cells, {} replies\n", l.survey.n, l.survey.n, l.peaks.size()));
  for (const Walk& w : l.walks)
    write(fmt::format("{:<8}{}; {} come to a reply more probable than the start; {} points each\n", w.name, counted(w),
                      w.improved, w.points));
  std::string names;
  for (const std::string& f : files) names += (names.empty() ? "" : " ") + f;
  write("files   " + names + "\n");
  flush();
}

Json to_json(const Landscape& l, const Args& a, double alpha, const std::vector<std::string>& files) {
  const std::vector<double> shares = l.survey.shares();
  const auto end = [&](int peak) {
    return Json{{"reply", l.peaks[peak]}, {"logprob", l.heights[peak]}, {"share", share_of(shares, peak)}};
  };
  Json j{{"start", end(l.start)}, {"goal", end(l.goal)},       {"size", a.size},
         {"alpha", alpha},        {"seeds", a.seeds},          {"seed", a.seed},
         {"files", files},        {"replies", l.peaks.size()}, {"version", PONDER_VERSION}};
  for (const Walk& w : l.walks) j[w.name] = {{"escaped", w.escaped}, {"improved", w.improved}, {"points", w.points}};
  return j;
}

// Writes what there is, draws it when it is whole, and says so.
int finish(const Args& a, double alpha, const Status& explored, const Landscape& l) {
  if (!explored.ok() && explored.error().code != Code::kCancelled) fail(explored.error());
  write_csv(l, a.out);
  if (!explored.ok()) {
    std::cerr << "ponder: stopped; the numbers so far are in " << a.out << ".csv\n";
    return 1;  // and the signal's code beats it
  }
  draw(l, a.out);
  if (a.json)
    write_json(to_json(l, a, alpha, landscape_files(a.out)));
  else
    print(l, landscape_files(a.out));
  return 0;
}

int run_toy(const Args& a) {
  const double alpha = a.alpha > 0 ? a.alpha : 1;
  TwoHills hills(alpha);
  Landscape l;
  l.title = {fmt::format("Two hills under a standard normal base, alpha = {:g}", alpha)};
  l.u_label = "u (standard deviations of the base)";
  l.v_label = "v (standard deviations of the base)";
  l.start_name = "lower hill";
  l.goal_name = "higher hill";
  l.start_at = TwoHills::top(0);
  l.goal_at = TwoHills::top(1);
  l.peaks = {"the lower hill", "the higher hill"};
  l.heights = {hills.height(0), hills.height(1)};
  const Point show[] = {l.start_at, l.goal_at};
  const Status s = explore(a, hills, show, l);
  return finish(a, alpha, s, l);
}

// The ordinary reply and the best other one of a beam: the less likely of them is the start.
std::pair<Reply, Reply> start_and_goal(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law) {
  Budget budget;
  budget.stop = &stop_flag();
  const Reply first = must(decode(d, context, law, {}, 1, budget))[0];
  if (law.target() == Target::kEnded && !first.ended)
    fail({Code::kInvalid, "a first reply that ends within " + std::to_string(law.horizon()) + " tokens",
          "one that does not", "--max-length", "raise it, or use --target truncated"});
  const BeamResult beam = must(beam_search(d, context, law, {.width = kBeam}, budget));
  for (const Reply& r : beam.replies)
    if (r.tokens != first.tokens) return r.logprob > first.logprob ? std::pair(first, r) : std::pair(r, first);
  fail({Code::kInvalid, "two replies of the law", "one", "the law", "allow longer replies, or more ids"});
}

std::string shortened(const std::string& s, std::size_t most) {
  if (s.size() <= most) return s;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(s[end]) & 0xc0) == 0x80) --end;  // between characters
  return s.substr(0, end) + "…";
}

int run_model(const Args& a) {
  const PromptRequest request = must(a.prompt.request());  // a missing one is told before the model is loaded
  const double alpha = a.alpha > 0 ? a.alpha : 4;
  Engine e(a.model);
  const Prompt prompt = e.text.prompt(request);
  const ReplyLaw law = must(a.law.request().law(kHorizon, prompt.ids.size(), *e.density));
  const PrefixRef context = must(e.density->add_context(prompt.ids));
  const auto [start, goal] = start_and_goal(*e.density, context, law);
  const auto plane = must(NoisePlane::make(*e.density, context, law, alpha, start.tokens, goal.tokens, a.seed));
  const auto text = [&](const Reply& r) { return one_line(e.text.reply_text(r.tokens)); };
  Landscape l;
  l.title = {shortened(one_line(prompt.question), kLine),
             fmt::format("start: {}   log p {:.2f}", shortened(text(start), kLine), start.logprob),
             fmt::format("goal: {}   log p {:.2f}", shortened(text(goal), kLine), goal.logprob)};
  l.u_label = "u: noise, from the start to the goal (standard deviations)";
  l.v_label = "v: noise, across it (standard deviations)";
  l.start_name = "start";
  l.goal_name = "goal";
  l.start_at = plane->first();
  l.goal_at = plane->second();
  const Point show[] = {plane->first(), plane->second(), {}};  // the base is densest at the last
  const Status s = explore(a, *plane, show, l);
  for (const Reply& r : plane->replies()) {
    l.peaks.push_back(e.text.reply_text(r.tokens));
    l.heights.push_back(r.logprob);
  }
  return finish(a, alpha, s, l);
}

int run_landscape(const Args& a) {
  if (a.toy && !(a.prompt.text.empty() && a.prompt.file.empty()))
    fail({Code::kInvalid, "a prompt or --toy", "both", "command line", "leave one of them out"});
  for (const std::string& f : landscape_files(a.out)) must(check_out(f, "--out", a.force));
  return a.toy ? run_toy(a) : run_model(a);
}

}  // namespace

Run add_landscape(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->model.add(app, true);
  a->prompt.add(app);
  a->law.add(app);
  app.add_flag("--toy", a->toy, "two hills instead of a model");
  app.add_option("--out", a->out, "NAME of the files: NAME.png, NAME.svg, NAME.csv, …")->required();
  app.add_flag("--force", a->force, "replace the files of an earlier run at --out");
  app.add_option("--size", a->size, "cells along each side")->check(CLI::Range(2, 1024));
  app.add_option("--alpha", a->alpha, "exponent of the target p^alpha (default: 4; of the toy 1)")
      ->check(CLI::Range(0.01, 1000.));
  app.add_option("--seeds", a->seeds, "starts, of which each method makes a path")->check(CLI::Range(1, 10000));
  app.add_option("--points", a->points, "points of each path")->check(CLI::Range(3, 1000000));
  app.add_option("-s,--seed", a->seed, "seed of the noise, the starts and the chains");
  app.add_flag("--json", a->json, "print one JSON object");
  app.footer(
      "The start is the ordinary reply, the goal the best one of a beam. A path escapes when it comes to the goal, or "
      "to a\nreply more probable still. Replies are of up to 24 tokens unless "
      "--max-length says otherwise.\n"
      "Examples:\n  ponder landscape --toy --out two-hills\n"
      "  ponder landscape -p 'What is the sum of 14 and 8?' --max-length 30 --out sum");
  return [a] { return run_landscape(*a); };
}

}  // namespace ponder::app
