// PrefixRef: one reference to a node of a density's tree, released with it. Not a node itself: the tree has those.
#pragma once

#include <utility>

#include "ponder/density.h"

namespace ponder {

class PrefixRef {
 public:
  PrefixRef() = default;
  /// Takes over a reference that the caller holds (Rows::end, CausalDensity::ancestor).
  static PrefixRef adopt(CausalDensity& d, Prefix p) { return PrefixRef(d, p); }
  /// A reference of its own.
  static PrefixRef share(CausalDensity& d, Prefix p) {
    d.retain(p);
    return PrefixRef(d, p);
  }
  PrefixRef(const PrefixRef& o) : density_(o.density_), prefix_(o.prefix_) {
    if (density_) density_->retain(prefix_);
  }
  PrefixRef(PrefixRef&& o) noexcept : density_(std::exchange(o.density_, nullptr)), prefix_(o.prefix_) {}
  PrefixRef& operator=(PrefixRef o) noexcept {
    std::swap(density_, o.density_);
    std::swap(prefix_, o.prefix_);
    return *this;
  }
  ~PrefixRef() {
    if (density_) density_->release(prefix_);
  }
  Prefix get() const { return density_ ? prefix_ : kNoPrefix; }
  /// The node n_tokens above.
  PrefixRef ancestor(int n_tokens) const { return adopt(*density_, density_->ancestor(prefix_, n_tokens)); }

 private:
  PrefixRef(CausalDensity& d, Prefix p) : density_(&d), prefix_(p) {}
  CausalDensity* density_ = nullptr;
  Prefix prefix_ = kNoPrefix;
};

}  // namespace ponder
