// llama: Llama 1-3, SmolLM, Mistral and other models of the same shape. RMS norm, interleaved
// rotary pairs (the converter reorders the rows of Q and K accordingly), SiLU-gated feed-forward.
// Touvron et al. 2023.
#include "model/arch.h"

namespace ponder {

Result<Config> read_llama(const ArchReader& in) {
  Config c;
  PONDER_TRY(in.read_usual(c));
  int n_experts = 0;
  PONDER_TRY(in.read_int("expert_count", n_experts, false));
  if (n_experts > 0)
    return Error{Code::kUnsupported, "a dense model", std::to_string(n_experts) + " experts",
                 in.file().path(), "mixtures of experts are not supported"};
  return c;
}

}  // namespace ponder
