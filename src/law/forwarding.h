// ForwardingDensity: a density in front of another one. It forwards all functions except those that
// do work (extend, value_and_grad, cost), which a derived class defines.
#pragma once

#include <vector>

#include "ponder/density/density.h"

namespace ponder {

/// Base: CausalDensity or LanguageDensity. Nodes have the numbers of the other density, which must
/// outlive this one.
template <class Base>
class ForwardingDensity : public Base {
 public:
  explicit ForwardingDensity(Base& behind) : density_(behind) {}
  int n_vocab() const override { return density_.n_vocab(); }
  bool is_end(Token v) const override { return density_.is_end(v); }
  const std::vector<Token>& end_tokens() const override { return density_.end_tokens(); }
  int n_ctx() const override { return density_.n_ctx(); }
  Prefix ancestor(Prefix p, int n_tokens) override { return density_.ancestor(p, n_tokens); }
  int depth(Prefix p) const override { return density_.depth(p); }
  void retain(Prefix p) override { density_.retain(p); }
  void release(Prefix p) override { density_.release(p); }

 protected:
  Base& density_;
};

}  // namespace ponder
