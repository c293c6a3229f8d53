// Requests: what every density asks of an Extend before it does anything, and which rows it wants.
// Not the rows themselves (small_row.h, density/row_reduce.h).
#pragma once

#include "ponder/density/density.h"

namespace ponder {

/// How many rows a request asks for.
int n_rows(const Extend&);
/// Which of the rows 0 … n the first of them is.
int first_row(const Extend&);
/// Whether the tokens, the length and the masks are right, `depth` being that of the parent.
/// Errors: kInvalid, kResource (too long).
Status check_request(const CausalDensity&, const Extend&, int depth);

}  // namespace ponder
