// The check and its words.
#include "out_file.h"

#include <filesystem>

#include "args.h"
#include "io/replace_file.h"

namespace ponder::app {

void check_out(const std::string& path, const std::string& flag, bool force, bool resume) {
  std::error_code none;
  if (!force && std::filesystem::is_regular_file(path, none))
    fail({Code::kInvalid, "a new file", path + ", which exists already", flag,
          std::string("give --force to replace it") + (resume ? ", or --resume to go on with it" : "")});
  must(check_replaceable(path));
}

}  // namespace ponder::app
