// TableDensity: a random next-token law over a few ids in double precision, small enough to
// enumerate. A stand-in for a model in tests of searches and kernels; every prefix has its own
// random row.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ponder/density/density.h"

namespace ponder {

struct TableConfig {
  int n_vocab = 4;
  std::vector<Token> end_tokens{0};
  std::uint64_t seed = 0;
  double peak = 2;  // standard deviation of the logits: larger is more peaked
  int n_ctx = 64;
};

class TableDensity : public CausalDensity {
 public:
  explicit TableDensity(TableConfig);
  int n_vocab() const override { return config_.n_vocab; }
  bool is_end(Token) const override;
  const std::vector<Token>& end_tokens() const override { return config_.end_tokens; }
  int n_ctx() const override { return config_.n_ctx; }
  PrefixRef root() { return PrefixRef::share(*this, 0); }  // the empty reply
  Status extend(std::span<const Extend>, Rows& out) override;
  Prefix ancestor(Prefix, int n_tokens) override;
  int depth(Prefix p) const override { return nodes_[p].depth; }
  void retain(Prefix p) override { ++nodes_[p].refs; }
  void release(Prefix) override;
  Cost cost() const override { return cost_; }

  int n_live() const;  // nodes with references, the root not counted
  /// log p(. | prefix), (n_vocab), renormalised over the mask.
  std::vector<double> log_probs(std::uint64_t prefix_hash, const TokenMask*) const;
  std::uint64_t hash(std::span<const Token> prefix) const;

 private:
  struct Node {
    Prefix parent = kNoPrefix;
    int depth = 0, refs = 0;
    std::uint64_t hash = 0;
  };
  Status check(const Extend&) const;
  Prefix add(Prefix parent, Token);
  Row row(Prefix, const Needs&, const TokenMask*, Token target) const;

  TableConfig config_;
  std::vector<Node> nodes_;
  Cost cost_;
};

}  // namespace ponder
