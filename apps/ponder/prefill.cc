// The clock starts before the prompt is read.
#include "prefill.h"

namespace ponder::app {

Prefill::Prefill(Engine& e, const std::vector<Token>& prompt, const Budget& b)
    : budget_(b), clock_(*e.density, budget_), context_(must(e.density->add_context(prompt))) {}

}  // namespace ponder::app
