// olmo2: OLMo 2 and 3. Norms after attention and feed-forward only, and one norm over all heads of
// Q, and of K, together. OLMo 3 has a window in three of four layers. OLMo team 2024, 2025.
#include "model/arch.h"

namespace ponder {

Result<Config> read_olmo2(const ArchReader& in) {
  Config c;
  PONDER_TRY(in.read_usual(c));
  c.rope = Rope::kHalves;
  c.pre_norm = false;
  c.post_norm = c.qk_norm = c.qk_norm_of_all = true;
  // Scaling of rotary positions, which read_rope() has checked, is for the layers without a window.
  float base = 10000;
  PONDER_TRY(in.read_float("rope.freq_base", base, false));
  c.rope_local = rope_table(base, c.rope_dim);
  PONDER_TRY(in.read_local_layers(c, 4));
  return c;
}

}  // namespace ponder
