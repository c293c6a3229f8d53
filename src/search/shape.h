// Shapes a next-token law by the usual options of decoders: which tokens may be drawn, and with
// which weights.
#pragma once

#include <utility>
#include <vector>

#include "ponder/search/decode.h"

namespace ponder {

/// Turns logits (n_vocab; -inf: masked) into (token, weight) pairs whose weights sum to 1, most
/// likely first, in llama.cpp's order: repetition penalty over `seen`, top-k, top-p, min-p,
/// temperature.
std::vector<std::pair<Token, double>> shape(std::vector<float> logits,
                                            const std::vector<Token>& seen, const DecodeConfig&);

}  // namespace ponder
