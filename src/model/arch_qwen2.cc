// qwen2: Qwen2 and Qwen2.5. Like llama, but with biases on Q, K and V, and with rotary halves. Qwen
// team 2024.
#include "model/arch.h"

namespace ponder {

Result<Config> read_qwen2(const ArchReader& in) {
  Config c;
  PONDER_TRY(in.read_usual(c));
  c.rope = Rope::kHalves;
  c.biases = Biases::kQkv;
  return c;
}

}  // namespace ponder
