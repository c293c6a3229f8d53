// Added tokens: the control, unknown and user-defined tokens that are cut out of a text before the
// rest is merged.
#pragma once

#include <array>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/vocab.h"

namespace ponder {

/// A part of a text: raw bytes, or a token found in it.
struct Fragment {
  std::size_t begin = 0, end = 0;
  Token token = -1;
};

class AddedTokens {
 public:
  explicit AddedTokens(const Vocab&);
  /// Splits a text at its added tokens: of overlapping ones the leftmost is taken, of those that
  /// begin together the longest. White space that a token strips to its right is in no fragment.
  std::vector<Fragment> split(std::string_view text, const Tokenizer::EncodeOptions&) const;

 private:
  struct Added {
    Token token;
    bool user_defined;
    bool strips_right;
  };
  const Added* match(std::string_view text, std::size_t at, const Tokenizer::EncodeOptions&,
                     std::size_t& size) const;

  std::unordered_map<std::string_view, Added> by_text_;  // views into the vocabulary's file
  // of the tokens that begin with a byte, longest first
  std::array<std::vector<std::size_t>, 256> lengths_;
};

}  // namespace ponder
