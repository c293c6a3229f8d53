// SpmNormalizer: what SentencePiece does with a text before it cuts it into tokens: the character
// map, white space, the space in front. For Unigram vocabularies; SentencePiece-style BPE in GGUF
// files has no map (tokenizer.cc). SentencePiece's Normalizer::Normalize.
#pragma once

#include <string>
#include <string_view>

#include "text/charsmap.h"
#include "text/vocab.h"

namespace ponder {

class SpmNormalizer {
 public:
  /// Reads the settings of a file, where absent those of SentencePiece. Errors: kInvalid (a
  /// damaged map, a key of another type), kUnsupported (a space behind the text).
  static Result<SpmNormalizer> read(const Vocab&);
  /// Normalises any bytes; one that is no UTF-8 and that the map does not replace becomes U+FFFD.
  std::string normalize(std::string_view text) const;

 private:
  void append(std::string_view text, std::string& out) const;

  CharsMap map_;
  std::string_view space_;  // how the vocabulary spells a space
  bool adds_prefix_ = true;
  bool removes_extra_ = true;  // spaces at both ends, and all but one of several
};

}  // namespace ponder
