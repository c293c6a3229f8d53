// phi3: Phi-3, Phi-3.5 and Phi-4. A llama with rotary halves, whose files hold Q, K and V in one
// tensor, and gate and up in another. Some sizes have a window in every layer, rotate a part of
// each head, or have LongRoPE's factors (arch_rope.cc). Microsoft 2024.
#include <algorithm>

#include "model/arch.h"

namespace ponder {

Result<Config> read_phi3(const ArchReader& in) {
  PONDER_ASSIGN(Config c, read_llama(in));
  c.rope = Rope::kHalves;
  c.rope_local = c.rope_global;
  PONDER_TRY(in.read_int("attention.sliding_window", c.window, false));
  std::fill(c.local.begin(), c.local.end(), c.window > 0);
  return c;
}

}  // namespace ponder
