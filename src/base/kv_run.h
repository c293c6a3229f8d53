// Paths of the tree of prefixes as attention sees them: runs of consecutive slots. Not the tree
// (model/prefix_tree.h).
#pragma once

#include <algorithm>
#include <span>

namespace ponder {

/// Consecutive slots that hold consecutive positions of a path.
struct KvRun {
  int slot, n;
};

/// Positions of a path.
inline int path_length(std::span<const KvRun> runs) {
  int n = 0;
  for (const KvRun& r : runs) n += r.n;
  return n;
}

/// Calls fn(position, slot, n) for the parts of the runs at positions [begin, end).
template <class F>
void for_positions(std::span<const KvRun> runs, int begin, int end, const F& fn) {
  int pos = 0;
  for (const KvRun& r : runs) {
    const int from = std::max(begin - pos, 0), to = std::min(end - pos, r.n);
    if (from < to) fn(pos + from, r.slot + from, to - from);
    pos += r.n;
  }
}

/// Positions from the start on at which two paths lie in the same slots.
inline int shared_positions(std::span<const KvRun> a, std::span<const KvRun> b) {
  int n = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i].slot != b[i].slot) break;
    n += std::min(a[i].n, b[i].n);
    if (a[i].n != b[i].n) break;
  }
  return n;
}

}  // namespace ponder
