// A convolutional oracle of DNA as a term: a small 1-D network read from a JSON description and
// safetensors weights, with its derivative by the input. Format: docs/dna.md; written by
// tools/export_oracle.py. Not a trainer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ponder/dna/terms.h"

namespace ponder::dna {

struct Oracle {
  std::unique_ptr<LetterTerm> term;
  int length = 0;  // letters it takes
};
/// Reads an oracle. Its values do not depend on the batch or the threads. Errors: kNotFound, kIo,
/// kInvalid (a file that is no oracle; tensors that are missing, of the wrong shape or cut short;
/// layers that do not fit each other).
Result<Oracle> read_oracle(const std::string& json_path, int n_threads = 1);
/// Parses an oracle in memory; the name of the weights in the JSON is ignored. `where`: for
/// messages.
Result<Oracle> parse_oracle(std::string_view json, std::string_view safetensors,
                            const std::string& where, int n_threads = 1);

}  // namespace ponder::dna
