// Opens the model that -m names: only its text side, or the whole model, with a line on the
// terminal while it loads.
#pragma once

#include <memory>
#include <string>

#include "args.h"
#include "ponder/shared_session.h"

namespace ponder::app {

/// Reads a file's bytes; - is stdin. Errors: kNotFound.
Result<std::string> read_all(const std::string& path);

/// Opens the text side. Errors: kNotFound (no such file, no default model), those of TextModel.
Result<std::shared_ptr<const TextModel>> open_text(const ModelArgs&);
/// Loads the weights; with --verbose, describes them on stderr. Errors: those of open_text and
/// Session::open.
/// `for_many`: many questions are to be answered (ModelOptions::many_rows).
Result<std::unique_ptr<Session>> open_session(const ModelArgs&, bool for_many = false);
/// The same for many callers at once. `kv_bytes`: SessionOptions.
Result<std::shared_ptr<SharedSession>> open_shared(const ModelArgs&, std::int64_t kv_bytes);

}  // namespace ponder::app
