// Opens what -m names: the text side of a model file, or the whole of it with a line on the
// terminal while it loads.
#pragma once

#include <memory>
#include <string>

#include "args.h"
#include "ponder/session.h"

namespace ponder::app {

/// A file's bytes; - is stdin. Errors: kNotFound.
Result<std::string> read_all(const std::string& path);

/// Errors: kNotFound (no such file, no default model), those of TextModel.
Result<std::shared_ptr<const TextModel>> open_text(const ModelArgs&);
/// Loads the weights, and with --verbose says what they are. Errors: those of Session::open, too.
Result<std::unique_ptr<Session>> open_session(const ModelArgs&);

}  // namespace ponder::app
