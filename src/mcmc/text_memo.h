// TextMemo keeps a function of a chain's text and replica, computed once for each, as long as some
// chain has the text. It is a memo, not a state: forgetting it changes no draw. Two kinds of kernel
// hold one as a mutable member, because a step does not depend on it, and as an argument it would
// pass through every kernel, every cycle and every caller for the sake of these two. Runs in
// parallel each have their own kernel anyway: a kernel's steps all go to the density of its one
// energy, which serves one thread at a time (CausalDensity).
#pragma once

#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "ponder/energy/energy.h"

namespace ponder {

template <class T>
class TextMemo {
 public:
  /// compute(missing, values) computes the values of distinct unknown texts in one batch.
  template <class Compute>
  Status add(std::span<const ChainState* const> states, const Compute& compute) {
    std::map<Key, const ChainState*> missing;
    for (const ChainState* s : states)
      if (!values_.contains(key(*s))) missing.emplace(key(*s), s);
    if (missing.empty()) return {};
    std::vector<const ChainState*> absent;
    for (const auto& [text, s] : missing) absent.push_back(s);
    std::vector<T> computed;
    PONDER_TRY(compute(absent, computed));
    for (std::size_t k = 0; k < absent.size(); ++k)
      values_.emplace(key(*absent[k]), std::move(computed[k]));
    return {};
  }
  const T& of(const ChainState& s) const { return values_.at(key(s)); }
  /// Forgets all values but those of these states.
  void keep(std::span<const ChainState> states) {
    std::set<Key> wanted;
    for (const ChainState& s : states) wanted.insert(key(s));
    std::erase_if(values_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  }

 private:
  using Key = std::pair<int, std::vector<Token>>;
  static Key key(const ChainState& s) { return {s.replica, s.tokens}; }
  std::map<Key, T> values_{};
};

}  // namespace ponder
