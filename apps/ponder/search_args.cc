// Registration and the loop over requests.
#include "search_args.h"

#include <CLI/CLI.hpp>

#include "output.h"
#include "ponder/search.h"

namespace ponder::app {

void SearchArgs::add(CLI::App& app) {
  model.add(app, true);
  prompt.add(app);
  lines.add(app);
  law.add(app);
  budget.add(app);
  app.add_option("--batch", batch, "prefixes expanded in one pass of the proof")->check(CLI::Range(1, 4096));
}

double rounding_error(const Engine& e) {
  return e.model->info().precision == Precision::kBF16 ? kErrorBF16 : kErrorF32;
}

int run_search(const SearchArgs& a, const std::function<void(Engine&, const Prompt&, bool json)>& one) {
  (void)a.budget.budget();  // a bad budget is told before the model is loaded
  Engine e(a.model);
  if (a.lines.input.empty()) {
    one(e, e.text.prompt(a.prompt), a.lines.json || a.lines.jsonl);
    return 0;
  }
  return for_lines(
      a.lines.input, [&](int, const Json& j) { one(e, request_prompt(j, e.text, a.prompt.raw), true); },
      [](int n, const std::string& m) { write_line(error_line(n, m)); });
}

}  // namespace ponder::app
