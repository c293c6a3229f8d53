// Frontier: the prefixes that wait to be expanded, most promising first, and the tree of the
// expanded prefixes, each kept while an entry below it waits. Memory is bounded: beyond
// `max_entries` the least promising are dropped and the largest bound among them is remembered.
// docs/methods.md#best-first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "ponder/density/density.h"

namespace ponder {

class Frontier {
 public:
  using Index = std::int32_t;
  // An expanded prefix.
  struct Node {
    Index parent = -1;
    Token token = -1;
    int length = 0;  // tokens of the reply
    int refs = 0;    // entries and nodes below, and the caller
    double logprob = 0;
    PrefixRef prefix{};
  };
  // A prefix waiting: `token` after `node`; or, without a token, the children of `node` beyond the
  // `skip` most likely.
  struct Entry {
    double bound = 0;    // upper bound of the worth of every reply below
    double logprob = 0;  // of the prefix; without a token, of the most likely child
    Index node = 0;
    Token token = -1;
    int skip = 0;
    std::uint32_t order = 0;  // ties: the earlier entry comes first
    bool operator<(const Entry& o) const {
      return bound != o.bound ? bound < o.bound : order > o.order;
    }
  };

  /// Node 0 is the context.
  Frontier(PrefixRef context, std::int64_t max_entries);

  const Node& node(Index n) const { return nodes_[n]; }
  /// Adds a node after `parent` with one reference, which belongs to the caller.
  Index add(Index parent, Token, double logprob, PrefixRef prefix);
  void release(Index);
  std::vector<Token> tokens(Index) const;  // of the reply so far
  /// Tokens of the prefix whose children an entry stands for.
  int length(const Entry& e) const { return nodes_[e.node].length + (e.token >= 0 ? 1 : 0); }

  void push(Entry);
  /// Removes the most promising entry; its reference to the node passes to the caller.
  Entry pop();
  /// Takes back the entries of a batch whose pass failed, with their references, and halves
  /// `most`, the size of the largest batch for which keys and values may have room; 0: not even for
  /// one entry. Returns the error unless it is a lack of room, after which a smaller batch may do.
  Status put_back(std::vector<Entry>& batch, int& most, const Status& error);
  bool empty() const { return heap_.empty(); }
  const Entry& top() const { return heap_.front(); }
  const std::vector<Entry>& entries() const { return heap_; }
  /// If there are more than max_entries, drops the entries for which `dead` is true, then the least
  /// promising ones.
  void limit(const std::function<bool(const Entry&)>& dead);
  double dropped() const { return dropped_; }  // largest bound of a dropped entry
  void drop(double bound) { dropped_ = std::max(dropped_, bound); }

 private:
  std::vector<Node> nodes_;
  std::vector<Index> free_;
  std::vector<Entry> heap_;
  std::size_t max_entries_;
  std::uint32_t order_ = 0;
  double dropped_ = -std::numeric_limits<double>::infinity();
};

}  // namespace ponder
