// Text of a reply that comes token by token: bytes that do not end a character yet are held back.
#pragma once

#include <string>

#include "session.h"

namespace ponder::app {

class TextStream {
 public:
  explicit TextStream(const Text& t) : text_(t) {}
  /// The characters that the token completes; may be none.
  std::string add(Token);
  /// The bytes that no token has completed.
  std::string rest();

 private:
  const Text& text_;
  std::string pending_;
  bool first_ = true;  // a SentencePiece text drops the space of its first token
};

}  // namespace ponder::app
