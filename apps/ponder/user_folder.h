// Where a user's files of this program lie, by the XDG base directory specification.
#pragma once

#include <cstdlib>
#include <string>

namespace ponder::app {

/// The program's folder below the one that an environment variable names, or below ~/`usual`.
inline std::string user_folder(const char* variable, const std::string& usual) {
  const char *set = std::getenv(variable), *home = std::getenv("HOME");
  const std::string base = set && *set ? set : std::string(home ? home : ".") + "/" + usual;
  return base + "/ponder";
}

}  // namespace ponder::app
