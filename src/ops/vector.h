// Plain vector operations on one row.
#pragma once

#include "ops/gemm.h"

namespace ponder {

/// x += y
void add(float* x, const float* y, int n);
/// x += w y
void add(float* x, float w, const float* y, int n);
float dot(const float* x, const float* y, int n);
/// Converts x to compute type.
void convert(Compute, const float* x, int n, void* out);
/// Converts rows of x (n_rows, n), which start ld values apart, to rows that start out_bytes apart.
void convert_rows(Compute, const float* x, std::ptrdiff_t ld, int n_rows, int n, std::byte* out,
                  std::ptrdiff_t out_bytes);
/// Converts x from compute type to float32.
void expand(Compute, const void* x, int n, float* out);
/// Converts x to half precision, which has 11 significant bits. Values beyond ±65,504 are clamped.
void to_half(const float* x, int n, std::uint16_t* out);
/// Converts x (n) to a row of A: compute type, with zeros up to a multiple of kKBlock.
void to_compute(Compute, const float* x, int n, void* out);

}  // namespace ponder
