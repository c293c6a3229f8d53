// Plain vector operations on one row.
#pragma once

#include "ops/gemm.h"

namespace ponder {

/// x += y
void add(float* x, const float* y, int n);
/// x += w y
void add(float* x, float w, const float* y, int n);
float dot(const float* x, const float* y, int n);
/// x in compute type
void convert(Compute, const float* x, int n, void* out);
/// Rows of x (n_rows, n) at a distance of ld to rows at a distance of out_bytes.
void convert_rows(Compute, const float* x, std::ptrdiff_t ld, int n_rows, int n, std::byte* out,
                  std::ptrdiff_t out_bytes);
/// and back
void expand(Compute, const void* x, int n, float* out);
/// x in half precision, 11 bits of which count, at most 65,504 in size
void to_half(const float* x, int n, std::uint16_t* out);
/// Row of A: x (n) in compute type, zeros up to a multiple of kKBlock.
void to_compute(Compute, const float* x, int n, void* out);

}  // namespace ponder
