// Readers of motif files as JASPAR, the MEME suite and TRANSFAC publish them: from text to numbers
// as written. Not what the numbers mean: columns become laws in motifs.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ponder/dna/dna.h"

namespace ponder::dna {

/// A matrix as it is written.
struct MotifRecord {
  Motif motif{};          // columns: the numbers of the file
  bool may_count = true;  // counts are allowed; false: probabilities alone (MEME)
  int n_announced = 0;    // positions that the file promises; 0: it does not say
  int line = 0;           // where it begins
};

/// All matrices of a text. Errors: kInvalid (none of the formats, no matrix, one that is cut short
/// or is no DNA).
Result<std::vector<MotifRecord>> read_motif_records(std::string_view text,
                                                    const std::string& where);

Error bad_motif(const std::string& expected, const std::string& got, const std::string& where,
                int line);

}  // namespace ponder::dna
