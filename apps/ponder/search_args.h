// The options that `ponder think` and `ponder prove` share.
#pragma once

#include "requests.h"

namespace ponder::app {

struct SearchArgs : RequestArgs {
  LawArgs law;
  BudgetArgs budget;
  int batch = 64;
  void add(CLI::App&);
};

}  // namespace ponder::app
