// The clock starts before the prompt is read.
#include "prefill.h"

namespace ponder::app {

Prefill::Prefill(Engine& e, const std::vector<Token>& prompt, const Budget& b)
    : engine_(e), budget_(b), clock_(*e.density, budget_), k_(must(e.density->add_context(prompt))) {}

}  // namespace ponder::app
