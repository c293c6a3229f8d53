// Work cut into passes of bounded size, and a pass that fails cut into halves, so that what cannot
// be done takes its error alone and the rest goes on. Not threads (parallel.h).
#pragma once

#include <cstddef>
#include <span>

namespace ponder {

/// Calls pass(part). Where it returns false, as the part failed and a smaller one may not, its
/// halves are tried in turn. A part of one item is not cut: the pass records that item's error.
template <class T, class Pass>
void halve_on_failure(std::span<T> part, const Pass& pass) {
  if (pass(part) || part.size() < 2) return;
  halve_on_failure(part.first(part.size() / 2), pass);
  halve_on_failure(part.subspan(part.size() / 2), pass);
}

/// Cuts the work into passes in order, and halves those that fail. tokens(begin, item) says how
/// many tokens an item adds to a pass that begins with the items `begin`; a pass ends before they
/// exceed 8192, which bounds its memory, but has one item at least.
template <class T, class Tokens, class Pass>
void in_passes(std::span<T> work, const Tokens& tokens, const Pass& pass) {
  constexpr std::size_t kMostTokens = 8192;
  while (!work.empty()) {
    std::size_t n = 0;
    for (std::size_t sum = 0; n < work.size(); ++n) {
      sum += tokens(work.first(n), work[n]);
      if (n > 0 && sum > kMostTokens) break;
    }
    halve_on_failure(work.first(n), pass);
    work = work.subspan(n);
  }
}

}  // namespace ponder
