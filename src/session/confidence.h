// What an answer shows of how sure it is, whether it is right, and what a calibration says of it.
#pragma once

#include <string>
#include <vector>

#include "ponder/session/calibrate.h"
#include "ponder/session/text_model.h"

namespace ponder {

/// Is the answer one of the known ones, once both are normalised? Case, accents, punctuation and
/// articles do not count; a letter stands for its option.
bool is_right(const AnswerReport&, const std::vector<std::string>& known);

/// Checks that a calibration is of this model and of these settings, and can limit the risk.
/// Errors: kInvalid.
Status check_calibration(const AnswerRequest&, const TextModel&);

/// Sets confidence, calibrated and held_back; adds a note where a calibration has no group for it.
void apply_calibration(const AnswerRequest&, AnswerReport&);

}  // namespace ponder
