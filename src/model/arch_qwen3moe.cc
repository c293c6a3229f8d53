// qwen3moe: Qwen3 with a mixture of experts in place of every feed-forward. Qwen team 2025.
#include "model/arch.h"

namespace ponder {

Result<Config> read_qwen3moe(const ArchReader& in) {
  PONDER_ASSIGN(Config c, read_qwen3(in));
  PONDER_TRY(in.read_experts(c));
  return c;
}

}  // namespace ponder
