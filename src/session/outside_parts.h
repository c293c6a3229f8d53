// What a session over a model outside is made of: its text and its model.
#pragma once

#include <memory>

#include "ponder/model/logit_source.h"
#include "ponder/model/model.h"
#include "ponder/session/text_model.h"

namespace ponder {

struct OutsideParts {
  std::shared_ptr<const TextModel> text;
  std::shared_ptr<const Model> model;
};
/// Errors: those of Session::over.
Result<OutsideParts> outside_parts(std::shared_ptr<LogitSource>, const TextModel& vocabulary);

}  // namespace ponder
