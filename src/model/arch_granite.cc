// granite: dense Granite 3 and 4. A llama with factors of the embeddings, of what each block adds,
// of the scores and of the logits. IBM 2024. The factor of the logits is a divisor in the file.
#include "model/arch.h"

namespace ponder {

Result<Config> read_granite(const ArchReader& in) {
  PONDER_ASSIGN(Config c, read_llama(in));
  float logit_divisor = 1;
  for (const auto& [key, value] : {std::pair{"embedding_scale", &c.embed_scale},
                                   {"residual_scale", &c.residual_scale},
                                   {"attention.scale", &c.attention_scale},
                                   {"logit_scale", &logit_divisor}}) {
    const float fallback = *value;
    PONDER_TRY(in.read_float(key, *value, false));
    if (*value == 0) *value = fallback;  // llama.cpp writes 0 for "not used"
  }
  c.logit_scale = 1 / logit_divisor;
  // Files of Granite say so if they have rotary positions; without the key they do.
  PONDER_ASSIGN(const bool rotary, in.bool_or("rope.scaling.finetuned", true));
  if (!rotary) c.rope = Rope::kNone;
  // Dense sizes of Granite 4 have the keys of the hybrid sizes. The layers that these keys describe
  // would have tensors, and such a tensor is refused.
  int described = 0;
  for (const char* key : {"ssm.conv_kernel", "ssm.state_size", "ssm.group_count", "ssm.inner_size",
                          "ssm.time_step_rank", "expert_shared_feed_forward_length"})
    PONDER_TRY(in.read_int(key, described, false));
  return c;
}

}  // namespace ponder
