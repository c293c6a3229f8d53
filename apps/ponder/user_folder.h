// Where a user's files lie, by the XDG base directory specification.
#pragma once

#include <cstdlib>
#include <string>

namespace ponder::app {

/// The folder that an environment variable names; empty if it names none.
inline std::string named_folder(const char* variable) {
  const char* set = std::getenv(variable);
  return set ? set : "";
}

inline std::string home_folder(const std::string& below) {
  const char* home = std::getenv("HOME");
  return std::string(home ? home : ".") + "/" + below;
}

/// The folder that an environment variable names, or ~/`usual`.
inline std::string user_base(const char* variable, const std::string& usual) {
  const std::string set = named_folder(variable);
  return set.empty() ? home_folder(usual) : set;
}

/// This program's folder below user_base.
inline std::string user_folder(const char* variable, const std::string& usual) {
  return user_base(variable, usual) + "/ponder";
}

}  // namespace ponder::app
