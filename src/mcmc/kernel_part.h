// Makes parts of a KernelSpec from settings as values, for code that chooses a kernel itself.
// make_kernel.cc parses texts.
#pragma once

#include <memory>

#include "mcmc/hmc_token.h"
#include "ponder/chains/kernel.h"

namespace ponder {

/// A kernel of class K, with its settings where it has any.
template <class K, class... Config>
KernelSpec::Part kernel_part(const Config&... c) {
  return {.make = [c...](const Energy& e) {
    return Result<std::unique_ptr<Kernel>>(std::make_unique<K>(e, c...));
  }};
}
/// The part of HmcTokenKernel, whose construction may fail.
inline KernelSpec::Part kernel_part(const HmcTokenConfig& c) {
  return {.make = [c](const Energy& e) { return HmcTokenKernel::make(e, c); }};
}

}  // namespace ponder
