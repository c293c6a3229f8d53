// Shaping of a next-token law by the usual decoders' options: which tokens may still be drawn, and
// with what weights.
#pragma once

#include <utility>
#include <vector>

#include "ponder/search/decode.h"

namespace ponder {

/// logits (n_vocab; -inf: masked) to (token, weight) pairs, weights summing to 1, most likely
/// first. In llama.cpp's order: repetition penalty over `seen`, top-k, top-p, min-p, temperature.
std::vector<std::pair<Token, double>> shape(std::vector<float> logits,
                                            const std::vector<Token>& seen, const DecodeConfig&);

}  // namespace ponder
