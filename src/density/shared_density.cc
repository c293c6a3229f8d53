// SharedDensity: makes the PassEngine and the callers that share it.
#include "ponder/density/shared_density.h"

#include "density/caller_density.h"

namespace ponder {

SharedDensity::SharedDensity(std::unique_ptr<LanguageDensity> d, const SharedOptions& o)
    : engine_(std::make_shared<PassEngine>(std::move(d), o)) {}

Result<std::unique_ptr<SharedDensity>> SharedDensity::make(std::shared_ptr<const Model> model,
                                                           const DensityOptions& density,
                                                           const SharedOptions& o) {
  PONDER_ASSIGN(auto d, LanguageDensity::make(std::move(model), density));
  return std::make_unique<SharedDensity>(std::move(d), o);
}

std::unique_ptr<LanguageDensity> SharedDensity::caller(const CallerOptions& o) {
  return std::make_unique<CallerDensity>(engine_, o);
}

Cost SharedDensity::cost() const { return engine_->density().cost(); }
SharedStats SharedDensity::stats() const { return engine_->stats(); }

}  // namespace ponder
