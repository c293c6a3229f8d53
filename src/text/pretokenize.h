// Pre-tokenizers: the regular expressions by which a byte-level BPE cuts text into words before
// merging. Each family is a list of expressions applied one after the other; matches and what lies
// between them become pieces.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"

namespace ponder {

class PreTokenizer {
 public:
  /// Makes the pre-tokenizer of a name in tokenizer.ggml.pre. Errors: kUnsupported, with the known
  /// names.
  static Result<std::shared_ptr<const PreTokenizer>> make(std::string_view family);
  /// Whether a word that is a token stays whole, merges or not. Models of these families want a BOS
  /// unless their file says otherwise. As in llama.cpp.
  static bool keeps_whole_words(std::string_view family);
  /// The error that make would return, without compiling expressions.
  static Status check(std::string_view family);
  virtual ~PreTokenizer() = default;
  /// Cuts any bytes into pieces, in order and without gaps. A byte that is no UTF-8 counts as
  /// U+FFFD for the cuts.
  virtual std::vector<std::string_view> split(std::string_view text) const = 0;
};

}  // namespace ponder
