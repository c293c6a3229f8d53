// Options that think and prove share.
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
