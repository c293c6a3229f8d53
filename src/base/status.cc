// Renders errors in the four parts of ponder's messages.
#include "ponder/status.h"

namespace ponder {

std::string Error::message() const {
  std::string m = "expected " + expected + ", got " + got;
  if (!where.empty()) m += " (" + where + ")";
  if (!hint.empty()) m += "; " + hint;
  return m;
}

}  // namespace ponder
