// The codebooks of IQ1, IQ2 and IQ3, in the order of their indices. An entry holds four or eight
// values as digits, the first value lowest; dequant_grid.cc knows what a digit stands for.
#pragma once

#include <cstdint>

namespace ponder::dequant {

extern const std::uint16_t kIq1Grid[2048], kIq2XxsGrid[256], kIq2XsGrid[512], kIq2SGrid[1024];
extern const std::uint16_t kIq3XxsGrid[256], kIq3SGrid[512];

}  // namespace ponder::dequant
