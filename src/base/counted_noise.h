// Rows of noise by counter: normals, and Gumbel noise of them, any part of a row by itself. Not who
// asks for which (mcmc/noise_path.h), nor noise that something has moved, which is kept where it
// was moved. docs/methods.md#noise-space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ponder/core/noise.h"

namespace ponder {

/// Standard normals `begin`, begin + 1, … of a stream; begin is a multiple of 4.
void counted_normals(std::uint64_t seed, std::uint32_t stream, std::size_t begin,
                     std::span<double> out);
/// Entries `begin`, begin + 1, … of the noise; begin is a multiple of 4.
void counted_gumbels(const CountedNoise&, std::size_t begin, std::span<float> out);
/// Gumbel noise of normals.
void gumbels_of_normals(std::span<const double> eps, std::span<float> out);
/// eps <- eps cos(angle) + p sin(angle).
void rotate_normals(double angle, std::span<const double> p, std::span<double> eps);

}  // namespace ponder
