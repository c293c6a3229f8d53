// Calibrations lie one a file, named by the hash of the model file.
#include "calibrations.h"

#include <filesystem>

#include "ponder/core/files.h"
#include "ponder/wire.h"
#include "user_folder.h"

namespace ponder::app {
namespace {

std::string folder() { return user_folder("XDG_DATA_HOME", ".local/share") + "/calibrations"; }

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
