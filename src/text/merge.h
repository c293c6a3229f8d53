// Merging of neighbours, best first, over a linked list of symbols: the loop that byte-level BPE
// and SPM share. It takes O(n log n) in the length of the piece.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "ponder/model/tokenizer.h"

namespace ponder {

struct Symbol {
  std::uint32_t begin = 0, size = 0;  // bytes of the piece; size 0: merged away
  Token id = -1;                      // -1: no token
  std::int32_t prev = -1, next = -1;
};

/// The result of merging two neighbours. Merges with smaller `order` come first, then the leftmost.
/// id -1: the two do not merge.
template <class Order>
struct Merge {
  Order order{};
  Token id = -1;
};

/// Merges until no neighbours merge. find(left, right) -> Merge<Order>.
template <class Order, class Find>
void merge_symbols(std::vector<Symbol>& s, const Find& find) {
  struct Entry {
    Order order;
    std::int32_t left, right;
    std::uint32_t size;  // of both symbols when queued; the entry is stale if it has changed
    Token id;
    bool operator<(const Entry& o) const {
      return order != o.order ? order > o.order : left > o.left;
    }  // top = smallest
  };
  std::priority_queue<Entry> queue;
  const auto push = [&](std::int32_t l, std::int32_t r) {
    if (l < 0 || r < 0) return;
    const Merge<Order> m = find(s[l], s[r]);
    if (m.id >= 0) queue.push({m.order, l, r, s[l].size + s[r].size, m.id});
  };
  for (std::size_t i = 0; i + 1 < s.size(); ++i)
    push(static_cast<std::int32_t>(i), static_cast<std::int32_t>(i) + 1);
  while (!queue.empty()) {
    const Entry e = queue.top();
    queue.pop();
    Symbol &l = s[e.left], &r = s[e.right];
    if (l.size == 0 || r.size == 0 || l.next != e.right || l.size + r.size != e.size) continue;
    l.size += r.size;
    l.id = e.id;
    l.next = r.next;
    r.size = 0;
    if (l.next >= 0) s[l.next].prev = e.left;
    push(l.prev, e.left);
    push(e.left, l.next);
  }
}

inline void link(std::vector<Symbol>& s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    s[i].prev = static_cast<std::int32_t>(i) - 1;
    s[i].next = i + 1 < s.size() ? static_cast<std::int32_t>(i) + 1 : -1;
  }
}

}  // namespace ponder
