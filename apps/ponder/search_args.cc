// Registers the options of search_args.h.
#include "search_args.h"

#include <CLI/CLI.hpp>

namespace ponder::app {

void SearchArgs::add(CLI::App& app) {
  RequestArgs::add(app);
  law.add(app);
  budget.add(app);
  app.add_option("--batch", batch, "prefixes expanded in one pass of the proof")
      ->check(CLI::Range(1, 4096));
}

}  // namespace ponder::app
