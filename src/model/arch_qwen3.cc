// qwen3: dense Qwen3. Like qwen2, but without biases, and with an RMS norm on each head of Q and K.
// Qwen team 2025.
#include "model/arch.h"

namespace ponder {

Result<Config> read_qwen3(const ArchReader& in) {
  PONDER_ASSIGN(Config c, read_qwen2(in));
  c.biases = Biases::kOptional;
  c.qk_norm = true;
  return c;
}

}  // namespace ponder
