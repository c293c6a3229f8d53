// CharsMap: the precompiled character map of a SentencePiece model, which says what to replace in
// a text before it is cut into tokens: full-width letters, compositions, odd white space. Not a
// normal form of Unicode by itself: the map may hold any strings. It is a double array (Aoe 1989)
// in the format of Darts-clone (Yata), followed by the replacements, each with a zero byte at its
// end, as SentencePiece's Normalizer::DecodePrecompiledCharsMap reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"

namespace ponder {

class CharsMap {
 public:
  /// Replaces nothing.
  CharsMap() = default;
  /// Reads a map and proves that no look-up can leave it. Errors: kInvalid, in `where`.
  static Result<CharsMap> parse(std::string_view bytes, const std::string& where);

  struct Match {
    std::size_t size = 0;   // bytes of the text that are replaced; 0: none
    std::string_view by{};  // a view into the map
  };
  /// The longest beginning of a text, of at most kLongest bytes, that is replaced.
  Match longest(std::string_view text) const;

 private:
  // What stands at one place of the double array: a node, or the value of the node above it.
  struct Unit {
    std::uint32_t bits;
    std::uint32_t label() const { return bits & 0x800000ffu; }  // of a value: no byte
    bool has_value() const { return bits >> 8 & 1; }
    // what leads, by exclusive or, from a node to its value, and with a byte to the next node
    std::uint32_t offset() const { return bits >> 10 << (bits >> 6 & 8); }
    std::uint32_t value() const { return bits & 0x7fffffffu; }
  };
  // Rules have a few characters. A damaged map may go round in a circle, which would take time
  // quadratic in the text.
  static constexpr std::size_t kLongest = 256;
  bool stays_inside() const;

  std::vector<Unit> units_;
  std::string replacements_;
};

}  // namespace ponder
