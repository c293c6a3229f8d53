// What the files of ponder landscape share: the words around a picture, and the writing of it. Not
// the search for what is in it (ponder/session/landscape.h).
#pragma once

#include <string>
#include <vector>

#include "ponder/session/landscape.h"

namespace ponder::app {

/// What stands around and in a picture.
struct Caption {
  std::vector<std::string> title{};  // lines above
  std::string u_label, v_label;
  std::string start_name, goal_name;
};

/// "3 of 100 seeds escape"
std::string counted(const LandscapeAnswer::Walk&);

/// NAME.csv (cells), NAME-paths.csv, NAME-replies.csv, NAME.svg, NAME.png, NAME.gp: in this order.
std::vector<std::string> landscape_files(const std::string& name);
/// Writes the first three. What was stopped half-way is written as far as it came. Errors: those of
/// replace_file.
Status write_csv(const LandscapeAnswer&, const std::string& name);
/// Writes NAME.gp and lets gnuplot draw NAME.svg and NAME.png by it. Errors: kIo (no gnuplot, or it
/// fails).
Status draw(const LandscapeAnswer&, const Caption&, const std::string& name);

}  // namespace ponder::app
