// Which functions of ops/activation.h a Config's gated feed-forward takes. Not plain GELU, which
// has no gate.
#pragma once

#include "base/check.h"
#include "model/config.h"
#include "ops/activation.h"

namespace ponder {

struct Gate {
  void (*value)(const float* gate, const float* up, int n, float* out);
  void (*vjp)(const float* gate, const float* up, int n, const float* dout, float* dgate,
              float* dup);
};
inline Gate gate_of(Activation a) {
  switch (a) {
    case Activation::kSiluGated:
      return {silu_mul, silu_mul_vjp};
    case Activation::kGeluGated:
      return {gelu_mul, gelu_mul_vjp};
    case Activation::kClampedSwiglu:
      return {clamped_swiglu, clamped_swiglu_vjp};
    case Activation::kGelu:
      break;
  }
  PONDER_CHECK(false);
}

}  // namespace ponder
