// Options that think and prove share, and how either answers one prompt or many.
#pragma once

#include "jsonl.h"

namespace ponder::app {

inline constexpr int kSearchHorizon = 40;  // tokens, unless --max-length says otherwise

struct SearchArgs {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  LawArgs law;
  BudgetArgs budget;
  int batch = 64;
  void add(CLI::App&);
};

/// What the precision of this model may change of a reply's log-probability: kErrorBF16 or kErrorF32.
double rounding_error(const Engine&);

/// Calls one(engine, prompt, json) for the prompt, or for every line of --input. Returns the exit code.
int run_search(const SearchArgs&, const std::function<void(Engine&, const Prompt&, bool json)>& one);

}  // namespace ponder::app
