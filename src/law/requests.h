// Requests: the checks that every density makes of an Extend, and the rows that it asks for. Not
// the rows themselves (small_row.h, density/row_reduce.h).
#pragma once

#include "ponder/density/density.h"

namespace ponder {

/// Number of rows that a request asks for.
int n_rows(const Extend&);
/// Index, among the rows 0 … n, of the first row that a request asks for.
int first_row(const Extend&);
/// Checks tokens, length and masks; `depth`: that of the parent. Error: kInvalid.
Status check_request(const CausalDensity&, const Extend&, int depth);

}  // namespace ponder
