// Calibration files: where `ponder calibrate` keeps them, and which one belongs to a model.
#pragma once

#include <memory>
#include <string>

#include "ponder/session.h"

namespace ponder::app {

/// The file of a model's calibration: in the user's data folder, named by the model's hash.
std::string calibration_path(const GgufFile&);

/// Reads a file. Errors: kNotFound, those of parse_calibration.
Result<std::shared_ptr<const CalibrationRecord>> read_calibration(const std::string& path);

/// The calibration of a model that suits the settings; null where there is none. A model is hashed
/// only if any calibration is kept. Errors: those of parse_calibration.
Result<std::shared_ptr<const CalibrationRecord>> find_calibration(const GgufFile&,
                                                                  const AnswerSettings&);

}  // namespace ponder::app
