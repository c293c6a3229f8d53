// Sampler: the energy and the kernel of a sampling request on one prompt.
#pragma once

#include <memory>

#include "ponder/chains/chains.h"
#include "ponder/session/sample.h"
#include "session/terms.h"

namespace ponder {

/// If the kernel exchanges replicas, they form a ladder. A Sampler must not be moved, since the
/// kernel refers to the energy.
struct Sampler {
  /// Errors: those of KernelSpec::parse, of the terms, the energy and the kernel.
  static Result<std::unique_ptr<Sampler>> make(const SampleRequest&, Session&, const ReplyLaw&,
                                               const PrefixRef& context, const Prompt&);
  explicit Sampler(Energy e) : energy(std::move(e)) {}
  Energy energy;
  std::unique_ptr<Kernel> kernel{};
};

}  // namespace ponder
