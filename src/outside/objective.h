// The objective on one vocabulary row whose logits are given, and its derivative with respect to
// them. The engine of this library's own networks does the same block by block (cpu/objective.h).
#pragma once

#include <span>
#include <vector>

#include "model/engine.h"

namespace ponder {

/// logits (n_vocab). Fills value, logprob, lz and direct of the row. dlogits (n_vocab): the
/// derivative of the value with respect to the logits; empty: not wanted. Errors: kNumeric (a row
/// without a finite sum).
Status differentiate(std::span<const float> logits, const Objective&, ObjectiveRow&,
                     std::span<float> dlogits);

/// log p(. | …) in nats, (n_vocab), -inf where masked. Errors: kNumeric (a row without a finite
/// sum).
Result<std::vector<double>> log_probabilities(std::span<const float> logits, const TokenMask*);

}  // namespace ponder
