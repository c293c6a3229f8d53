// The checks of out_file.h and their messages.
#include "out_file.h"

#include <filesystem>

#include "ponder/core/files.h"

namespace ponder::app {

Status check_out(const std::string& path, const std::string& flag, bool force, bool resume) {
  std::error_code none;
  if (!force && std::filesystem::is_regular_file(path, none))
    return Error{Code::kInvalid, "a new file", path + ", which exists already", flag,
                 std::string("give --force to replace it") +
                     (resume ? ", or --resume to go on with it" : "")};
  return check_replaceable(path);
}

Status make_folder(const std::string& path) {
  std::error_code none;
  std::filesystem::create_directories(path, none);
  if (std::filesystem::is_directory(path, none)) return {};
  return Error{Code::kIo, "a folder for output", "none that can be made", path, "choose another"};
}

}  // namespace ponder::app
