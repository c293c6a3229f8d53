// TokenMask.
#include "ponder/density/density.h"

namespace ponder {

TokenMask::TokenMask(int n_vocab, bool allowed)
    : n_vocab_(n_vocab),
      count_(allowed ? n_vocab : 0),
      bits_((static_cast<std::size_t>(n_vocab) + 63) / 64, allowed ? ~0ull : 0) {}

TokenMask TokenMask::only(int n_vocab, std::span<const Token> ids) {
  TokenMask m(n_vocab, false);
  for (Token v : ids) m.set(v, true);
  return m;
}

void TokenMask::set(Token v, bool allowed) {
  if ((*this)[v] == allowed) return;
  bits_[static_cast<std::size_t>(v) >> 6] ^= 1ull << (v & 63);
  count_ += allowed ? 1 : -1;
}

}  // namespace ponder
