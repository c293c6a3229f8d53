// gpt-oss: a mixture of experts with biases and a clamped SwiGLU, attention sinks, and a sliding
// window in every other layer, from the first on. OpenAI 2025. The ramp of YaRN is exact, as in
// OpenAI's and Hugging Face's code; llama.cpp rounds it.
#include "model/arch.h"

namespace ponder {

Result<Config> read_gpt_oss(const ArchReader& in) {
  Config c;
  PONDER_TRY(in.read_usual(c, YarnRamp::kExact));
  PONDER_TRY(in.read_experts(c));
  c.softmax_of_used = true;
  c.rope = Rope::kHalves;
  c.rope_local = c.rope_global;
  c.activation = Activation::kClampedSwiglu;
  c.biases = Biases::kAll;
  c.attention_sinks = true;
  c.ffn_norm = "post_attention_norm";
  PONDER_TRY(in.read_int("attention.sliding_window", c.window));
  if (c.window > 0) PONDER_TRY(in.read_local_layers(c, 2));
  return c;
}

}  // namespace ponder
