// gemma3: local layers, with a sliding window and their own rotary base, between global ones; norms
// also after attention and feed-forward; GELU gate; scaled embeddings. Gemma team 2025. The norm
// weights in a GGUF file include the 1 that the paper adds: the converter adds it.
#include <cmath>

#include "model/arch.h"

namespace ponder {

Result<Config> read_gemma3(const ArchReader& in) {
  Config c;
  PONDER_TRY(in.read_sizes(c));
  PONDER_TRY(in.read_float("attention.layer_norm_rms_epsilon", c.norm_eps));
  PONDER_TRY(in.read_rope(c));
  c.rope = Rope::kHalves;
  c.qk_norm = c.post_norm = true;
  c.activation = Activation::kGeluGated;
  c.embed_scale = std::sqrt(static_cast<float>(c.n_embd));
  // The 27B model is the only size that scales its scores by the width n_embd / n_heads instead of
  // the head size.
  constexpr int kLayersOf27B = 62;
  const int width = c.n_embd / c.n_heads;
  if (c.n_layers == kLayersOf27B) c.attention_scale = 1 / std::sqrt(static_cast<float>(width));
  PONDER_TRY(in.read_float("attn_logit_softcapping", c.attention_soft_cap, false));
  PONDER_TRY(in.read_float("final_logit_softcapping", c.final_soft_cap, false));
  PONDER_TRY(in.read_int("attention.sliding_window", c.window, false));
  float local_base = 10000;
  PONDER_TRY(in.read_float("rope.freq_base_swa", local_base, false));
  if (local_base <= 1)
    return Error{Code::kInvalid, "a rotary base above 1", std::to_string(local_base),
                 in.file().path(), ""};
  c.rope_local = rope_table(local_base, c.rope_dim);
  PONDER_TRY(in.read_float("rope.scaling.attn_factor", c.rope_local.scale, false));
  if (c.window == 0) return c;
  PONDER_TRY(in.read_local_layers(c, 6));  // every sixth layer is global
  return c;
}

}  // namespace ponder
