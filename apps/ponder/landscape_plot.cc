// Draws the picture with gnuplot, as a child process, from a script that stays beside the picture.
// Palette: viridis (Smith and van der Walt 2015), which colour-blind readers can order.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "landscape.h"
#include "ponder/core/files.h"

namespace ponder::app {
namespace {

constexpr const char* kHead =
    R"(# Written by ponder landscape. Alter it and draw again: gnuplot on this file, in its folder.
cells = {cells}
paths = {paths}
n_last = "{lasts}"
set encoding utf8
set datafile separator comma
set palette defined (0 '#440154', 1 '#482878', 2 '#3e4a89', 3 '#31688e', 4 '#26828e', 5 '#1f9e89', 6 '#35b779', \
  7 '#6ece58', 8 '#b5de2b', 9 '#fde725')
set cbrange [{worst}:{best}]
set xrange [{u_low}:{u_high}]; set yrange [{v_low}:{v_high}]
set size ratio -1
set tics out nomirror
unset key
set label 99 {legend} at screen 0.5,0.03 center noenhanced
set xlabel {u_label}; set ylabel {v_label}
set object 1 rectangle from graph 0,0 to graph 1,1 fillcolor rgb '#bbbbbb' fillstyle solid noborder behind
)";

constexpr const char* kLegend =
    "white line: the path of the first seed, from the circle to the triangle; orange: the ends of "
    "all seeds";

// Each panel shows the cells, the ends of all paths, and the path of the first seed with its start
// and end.
constexpr const char* kPanel = R"(  set title {title} noenhanced
  {colourbox}
  last = word(n_last, {panel}) + 0
  plot cells using 1:2:4 with image notitle, \
    paths using (strcol(1) eq {method} && $3 == last ? $4 : NaN):5 with points pt 7 ps 0.75 lc rgb 'black' notitle, \
    paths using (strcol(1) eq {method} && $3 == last ? $4 : NaN):5 with points pt 7 ps 0.45 lc rgb '#e66100' notitle, \
    paths using (strcol(1) eq {method} && $2 == 0 ? $4 : NaN):5 with lines lw 3.5 lc rgb 'black' notitle, \
    paths using (strcol(1) eq {method} && $2 == 0 ? $4 : NaN):5 with lines lw 1.5 lc rgb 'white' notitle, \
    paths using (strcol(1) eq {method} && $2 == 0 && $3 == 0 ? $4 : NaN):5 with points pt 7 ps 1.7 lc rgb 'black' notitle, \
    paths using (strcol(1) eq {method} && $2 == 0 && $3 == 0 ? $4 : NaN):5 with points pt 7 ps 1.2 lc rgb 'white' notitle, \
    paths using (strcol(1) eq {method} && $2 == 0 && $3 == last ? $4 : NaN):5 with points pt 9 ps 2.2 lc rgb 'black' notitle, \
    paths using (strcol(1) eq {method} && $2 == 0 && $3 == last ? $4 : NaN):5 with points pt 9 ps 1.5 lc rgb 'white' notitle
)";

// A gnuplot string in which nothing is expanded.
std::string literal(const std::string& s) {
  std::string out = "'";
  for (char c : s) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string label(const std::string& text, Point at, const Survey& s) {
  // Places the label away from the nearer edge.
  const bool right = at.u > (s.low.u + s.high.u) / 2;
  return fmt::format(
      "set label {} at {:.4f},{:.4f} {} offset {},2 front noenhanced textcolor rgb 'black' boxed\n",
      literal(text), at.u, at.v, right ? "right" : "left", right ? "1" : "-1");
}

std::string script(const LandscapeAnswer& l, const Caption& c, const std::string& name) {
  double worst = INFINITY, best = -INFINITY;
  for (const Spot& s : l.survey.cells)
    if (s.peak >= 0) worst = std::min(worst, s.logprob), best = std::max(best, s.logprob);
  const bool all = std::all_of(l.survey.cells.begin(), l.survey.cells.end(),
                               [](const Spot& s) { return s.peak >= 0; });
  std::string lasts;
  for (const auto& w : l.walks) lasts += fmt::format("{} ", w.paths[0].points.size() - 1);
  std::string out = fmt::format(
      kHead, fmt::arg("cells", literal(name + ".csv")),
      fmt::arg("paths", literal(name + "-paths.csv")), fmt::arg("lasts", lasts),
      fmt::arg("worst", worst), fmt::arg("best", best), fmt::arg("u_low", l.survey.low.u),
      fmt::arg("u_high", l.survey.high.u), fmt::arg("v_low", l.survey.low.v),
      fmt::arg("v_high", l.survey.high.v), fmt::arg("u_label", literal(c.u_label)),
      fmt::arg("v_label", literal(c.v_label)),
      fmt::arg("legend", literal(kLegend + std::string(all ? "" : "; grey: no reply"))));
  out += "set style textbox opaque fillcolor rgb 'white' border lc rgb 'black' margins 0.6,0.6\n";
  out += label(c.start_name, l.start_at, l.survey) + label(c.goal_name, l.goal_at, l.survey);
  out +=
      "do for [kind in 'svg png'] {\n"
      "  if (kind eq 'svg') { set terminal svg rounded size 1200,740 font 'sans,14' background "
      "'white' } \\\n"
      "  else { set terminal pngcairo rounded size 1200,740 font 'sans,11' }\n";
  out += fmt::format("  set output {}.kind\n", literal(name + "."));
  out += "  set multiplot layout 1,2 margins screen 0.07,0.9,0.17,0.79 spacing screen 0.06\n";
  for (std::size_t k = 0; k < c.title.size(); ++k)
    out += fmt::format("  set label {} {} at screen 0.5,{:.3f} center noenhanced\n", 100 + k,
                       literal(c.title[k]),
                       0.88 + 0.038 * static_cast<double>(c.title.size() - 1 - k));
  for (std::size_t k = 0; k < l.walks.size(); ++k)
    out += fmt::format(
        kPanel, fmt::arg("title", literal(l.walks[k].title + ": " + counted(l.walks[k]))),
        fmt::arg("panel", k + 1), fmt::arg("method", literal(l.walks[k].name)),
        fmt::arg("colourbox", k + 1 == l.walks.size() ? "set colorbox; set cblabel 'log p (nats)'"
                                                      : "unset colorbox"));
  return out + "  unset multiplot\n  unset output\n}\n";
}

// Runs gnuplot on a script in the script's folder. Returns the exit status, or why it could not
// run.
Result<int> run_gnuplot(const std::filesystem::path& gp) {
  const std::string folder = gp.parent_path().empty() ? "." : gp.parent_path().string(),
                    file = gp.filename().string();
  std::string program = "gnuplot", argument = "./" + file;
  char* argv[] = {program.data(), argument.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, 2, 1);  // stdout is only for the answer
  pid_t child = 0;
  const int failed = posix_spawnp(&child, program.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return Error{Code::kIo, "", std::strerror(failed), "", ""};
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

Status draw(const LandscapeAnswer& l, const Caption& c, const std::string& name) {
  const std::filesystem::path gp = name + ".gp";
  PONDER_TRY(
      replace_file(gp.string(), script(l, c, std::filesystem::path(name).filename().string())));
  const auto status = run_gnuplot(gp);
  if (!status.ok())
    return Error{Code::kIo, "gnuplot, to draw the picture", status.error().got, gp.string(),
                 "the numbers are in " + name +
                     ".csv; install gnuplot (Debian: gnuplot-nox), then gnuplot " + gp.string()};
  if (*status != 0)
    return Error{Code::kIo, "gnuplot to draw the picture", "exit code " + std::to_string(*status),
                 gp.string(), "the numbers are in " + name + ".csv; what gnuplot says is above"};
  return {};
}

}  // namespace ponder::app
