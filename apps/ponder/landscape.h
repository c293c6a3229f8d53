// What the files of ponder landscape share: what is drawn, and the writing of it. Not the search for it
// (src/landscape).
#pragma once

#include <string>
#include <vector>

#include "landscape/paths.h"

namespace ponder::app {

/// One method's paths from the same starts.
struct Walk {
  std::string name, title;
  std::vector<Path> paths{};
  int points = 0;    // looked at, of each path
  int escaped = 0;   // paths that came to the goal, or to a reply more probable still
  int improved = 0;  // paths that came to a reply more probable than their start's
};

struct Landscape {
  std::vector<std::string> title{};  // lines above the picture
  std::string u_label, v_label;
  Survey survey{};
  int start = 0, goal = 1;            // peaks
  std::string start_name, goal_name;  // in the picture
  Point start_at{}, goal_at{};
  std::vector<std::string> peaks{};  // text of each
  std::vector<double> heights{};     // log p of each, nats
  std::vector<Walk> walks{};
};

/// NAME.csv (cells), NAME-paths.csv, NAME-replies.csv, NAME.svg, NAME.png, NAME.gp: in this order.
std::vector<std::string> landscape_files(const std::string& name);
/// Writes the first three. What was stopped half-way is written as far as it came.
void write_csv(const Landscape&, const std::string& name);
/// Writes NAME.gp and lets gnuplot draw NAME.svg and NAME.png by it. Fails when there is no gnuplot.
void draw(const Landscape&, const std::string& name);

}  // namespace ponder::app
