// Readers of motif files as JASPAR, the MEME suite and TRANSFAC publish them: from text to the
// numbers in the file. Not the laws of motifs: motifs.cc makes them from columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ponder/dna/dna.h"

namespace ponder::dna {

/// A matrix with the numbers of its file.
struct MotifRecord {
  Motif motif{};          // columns: the numbers of the file
  bool may_count = true;  // counts are allowed; false: only probabilities (MEME)
  int n_announced = 0;    // positions that the file announces; 0: it does not say
  int line = 0;           // line where the record begins
};

/// Reads all matrices of a text. Errors: kInvalid (none of the formats, no matrix, a matrix that is
/// cut short or is not of DNA).
Result<std::vector<MotifRecord>> read_motif_records(std::string_view text,
                                                    const std::string& where);

Error bad_motif(const std::string& expected, const std::string& got, const std::string& where,
                int line);

}  // namespace ponder::dna
