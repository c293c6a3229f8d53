// How a product is cut into tiles of a few rows by one or several panels, whose sums stay in
// registers: shared by all kernels but AMX. Not a kernel itself.
#pragma once

#include <algorithm>
#include <cstddef>

#include "ops/gemm.h"

namespace ponder::gemm {

struct TileShape {
  int m, n_panels, row_bytes;  // of A
};

/// Calls tile(first row, rows, first panel, panels): at most kMaxRows rows, in parts of nearly
/// equal size, by one panel, or by wide(rows) of them where all of the rows are one tile.
template <int kMaxRows, class Wide, class Tile>
void for_tiles(const TileShape& s, const Wide& wide, const Tile& tile) {
  constexpr int kChunkBytes = 384 << 10;  // rows of A that stay in the second-level cache
  const int most = std::max(kChunkBytes / s.row_bytes / kMaxRows, 1) * kMaxRows;
  for (int begin = 0; begin < s.m; begin += most) {
    const int rows = std::min(most, s.m - begin), parts = (rows + kMaxRows - 1) / kMaxRows;
    const int widest = parts == 1 ? wide(rows) : 1;
    for (int p = 0; p < s.n_panels;) {
      const int width = p + widest <= s.n_panels ? widest : 1;
      for (int i = 0; i < parts; ++i) {
        const int first = begin + rows * i / parts;
        tile(first, begin + rows * (i + 1) / parts - first, p, width);
      }
      p += width;
    }
  }
}

}  // namespace ponder::gemm
