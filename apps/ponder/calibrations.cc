#include "calibrations.h"

#include <cstdlib>
#include <filesystem>

#include "ponder/core/files.h"
#include "ponder/wire.h"

namespace ponder::app {
namespace {

std::string folder() {
  const char *data = std::getenv("XDG_DATA_HOME"), *home = std::getenv("HOME");
  const std::string base = data && *data ? data : std::string(home ? home : ".") + "/.local/share";
  return base + "/ponder/calibrations";
}

}  // namespace

std::string calibration_path(const GgufFile& f) { return folder() + "/" + f.sha256() + ".json"; }

Result<std::shared_ptr<const CalibrationRecord>> read_calibration(const std::string& path) {
  PONDER_ASSIGN(const std::string text, read_file(path));
  PONDER_ASSIGN(CalibrationRecord r, parse_calibration(text, path));
  return std::make_shared<const CalibrationRecord>(std::move(r));
}

Result<std::shared_ptr<const CalibrationRecord>> find_calibration(const GgufFile& f,
                                                                  const AnswerSettings& s) {
  const std::shared_ptr<const CalibrationRecord> none;
  std::error_code error;
  if (!std::filesystem::is_directory(folder(), error)) return none;
  const std::string path = calibration_path(f);
  if (!std::filesystem::exists(path, error)) return none;
  PONDER_ASSIGN(const auto record, read_calibration(path));
  return record->settings == s ? record : none;
}

}  // namespace ponder::app
