// Where the programs that fetch models keep them, for this user.
#pragma once

#include <vector>

#include "ponder/model/catalog.h"

namespace ponder::app {

/// In the order in which they are looked through; some may not exist.
std::vector<ModelFolder> model_folders();

}  // namespace ponder::app
