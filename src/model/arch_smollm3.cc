// smollm3: a llama of which every fourth layer has no rotary positions. Hugging Face 2025; Yang et
// al. 2025 on such layers. As in llama.cpp, no key says which layers these are.
#include "model/arch.h"

namespace ponder {

Result<Config> read_smollm3(const ArchReader& in) {
  PONDER_ASSIGN(Config c, read_llama(in));
  c.rope_skip = 4;
  return c;
}

}  // namespace ponder
