// What the source files of `ponder landscape` share: the texts of a picture, and the writing of its
// files. Not the computation of the landscape (ponder/session/landscape.h).
#pragma once

#include <string>
#include <vector>

#include "ponder/session/landscape.h"

namespace ponder::app {

/// The texts around and in a picture.
struct Caption {
  std::vector<std::string> title{};  // lines above the picture
  std::string u_label, v_label;
  std::string start_name, goal_name;
};

/// For example "3 of 100 seeds escape".
std::string counted(const LandscapeAnswer::Walk&);

/// The names NAME.csv (cells), NAME-paths.csv, NAME-replies.csv, NAME.svg, NAME.png, NAME.gp, in
/// this order.
std::vector<std::string> landscape_files(const std::string& name);
/// Writes the first three files. An answer that was stopped is written as far as it goes. Errors:
/// those of replace_file.
Status write_csv(const LandscapeAnswer&, const std::string& name);
/// Writes NAME.gp and runs gnuplot on it, which draws NAME.svg and NAME.png. Errors: kIo (gnuplot
/// is missing, or fails).
Status draw(const LandscapeAnswer&, const Caption&, const std::string& name);

}  // namespace ponder::app
