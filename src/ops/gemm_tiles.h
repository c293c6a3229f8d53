// How all kernels except AMX cut a product into tiles: a few rows by one or several panels, whose
// sums stay in registers. Not a kernel itself.
#pragma once

#include <algorithm>
#include <cstddef>

#include "ops/gemm.h"

namespace ponder::gemm {

struct TileShape {
  int m, n_panels, row_bytes;  // row_bytes: of a row of A
};

/// Calls tile(first row, rows, first panel, panels) for all tiles. A tile has at most kMaxRows
/// rows; rows are cut into parts of nearly equal size. A tile has one panel, or wide(rows) panels
/// if one tile holds all rows.
template <int kMaxRows, class Wide, class Tile>
void for_tiles(const TileShape& s, const Wide& wide, const Tile& tile) {
  constexpr int kChunkBytes = 384 << 10;  // rows of A of this size stay in the L2 cache
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
