// gpt2: layer norm with biases, learned positions, fused QKV, plain GELU feed-forward. Radford et
// al. 2019.
#include "model/arch.h"

namespace ponder {

Result<Config> read_gpt2(const ArchReader& in) {
  Config c;
  PONDER_TRY(in.read_sizes(c));
  PONDER_TRY(in.read_float("attention.layer_norm_epsilon", c.norm_eps));
  c.norm = Norm::kLayer;
  c.rope = Rope::kNone;
  c.activation = Activation::kGelu;
  c.learned_positions = c.n_ctx_is_limit = true;
  c.biases = Biases::kAll;
  return c;
}

}  // namespace ponder
