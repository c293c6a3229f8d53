// Models whose numbers come from outside (ponder/model/logit_source.h): a file that only spells,
// and a model that asks the source.
#pragma once

#include <memory>

#include "ponder/model/logit_source.h"
#include "ponder/model/model.h"

namespace ponder {

/// The vocabulary of a file under the source's name, with a hash that no model file has, so that no
/// proof, calibration or checkpoint of the one passes for the other's. It has no tensors.
std::shared_ptr<const GgufFile> outside_file(std::shared_ptr<const GgufFile> vocabulary,
                                             const LogitSource&);

/// `n_vocab`: of the tokenizer. Errors: kInvalid (another size of the vocabulary, a source without
/// context).
Result<std::shared_ptr<const Model>> outside_model(std::shared_ptr<const GgufFile>,
                                                   std::shared_ptr<LogitSource>, int n_vocab);

}  // namespace ponder
