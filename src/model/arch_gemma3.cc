// gemma3: like gemma2, but five local layers, with their own rotary base, to a global one; a norm
// on each head of Q and K; no soft caps, unless the file has them. Gemma team 2025.
#include "model/arch.h"

namespace ponder {

Result<Config> read_gemma3(const ArchReader& in) {
  Config c;
  PONDER_TRY(read_gemma(in, 62, c));
  c.qk_norm = true;
  float local_base = 10000;
  PONDER_TRY(in.read_float("rope.freq_base_swa", local_base, false));
  if (local_base <= 1)
    return Error{Code::kInvalid, "a rotary base above 1", std::to_string(local_base),
                 in.file().path(), ""};
  c.rope_local = rope_table(local_base, c.rope_dim);
  PONDER_TRY(in.read_float("rope.scaling.attn_factor", c.rope_local.scale, false));
  PONDER_TRY(in.read_local_layers(c, 6));
  return c;
}

}  // namespace ponder
