// gemma2: local layers, with a sliding window, and global ones in turn; norms also after attention
// and feed-forward; GELU gate; scaled embeddings; soft caps of scores and logits. Gemma team 2024.
// The norm weights in a GGUF file include the 1 that the paper adds: the converter adds it.
#include <cmath>

#include "model/arch.h"

namespace ponder {

Status read_gemma(const ArchReader& in, int layers_of_27b, Config& c) {
  PONDER_TRY(in.read_usual(c));
  c.rope = Rope::kHalves;
  c.post_norm = true;
  c.activation = Activation::kGeluGated;
  c.embed_scale = std::sqrt(static_cast<float>(c.n_embd));
  // The 27B model is the only size that scales its scores by the width n_embd / n_heads instead of
  // the head size.
  const int width = c.n_embd / c.n_heads;
  if (c.n_layers == layers_of_27b) c.attention_scale = 1 / std::sqrt(static_cast<float>(width));
  PONDER_TRY(in.read_float("attn_logit_softcapping", c.attention_soft_cap, false));
  return in.read_float("final_logit_softcapping", c.final_soft_cap, false);
}

// The defaults are llama.cpp's.
Result<Config> read_gemma2(const ArchReader& in) {
  Config c;
  c.attention_soft_cap = 50;
  c.final_soft_cap = 30;
  c.window = 4096;
  PONDER_TRY(read_gemma(in, 46, c));
  c.rope_local = c.rope_global;
  PONDER_TRY(in.read_local_layers(c, 2));
  return c;
}

}  // namespace ponder
