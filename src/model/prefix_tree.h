// PrefixTree: the bookkeeping of the tree of prefixes: nodes of one token, reference counts, and
// which node's keys and values lie in which slot of the KV store. No numbers here. Resident nodes
// always have resident ancestors, so a path is a few runs of consecutive slots; least recently used
// leaves are evicted first and fed again when needed, first of the accounts that hold more than
// their share of the slots. Threads: one at a time; token, length, slot and path of a node that
// somebody holds may be read beside a retain or release of others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/kv_run.h"
#include "ponder/density/density.h"

namespace ponder {

class PrefixTree {
 public:
  explicit PrefixTree(int n_slots) : n_slots_(n_slots) {}

  /// A child of `parent` (kNoPrefix: a first token), with one reference; holds one on its parent.
  /// Its slot counts among those of `account`.
  Prefix add(Prefix parent, Token, int account = 0);
  void retain(Prefix p) { ++nodes_[p].refs; }
  void release(Prefix p);
  bool alive(Prefix p) const {
    return p >= 0 && p < static_cast<Prefix>(nodes_.size()) && nodes_[p].refs > 0;
  }

  Prefix parent(Prefix p) const { return nodes_[p].parent; }
  Token token(Prefix p) const { return nodes_[p].token; }
  int length(Prefix p) const {
    return p == kNoPrefix ? 0 : nodes_[p].length;
  }  // tokens from the empty prefix
  int slot(Prefix p) const { return nodes_[p].slot; }
  bool resident(Prefix p) const { return nodes_[p].slot >= 0; }
  int account(Prefix p) const { return p == kNoPrefix ? 0 : nodes_[p].account; }

  /// Starts a batch; what is touched until the next one is not evicted.
  void begin_batch() { ++stamp_; }
  /// Marks the path of p as used and appends its nodes without a slot to `missing`, ancestors
  /// first, each once a batch.
  void touch_path(Prefix p, std::vector<Prefix>& missing);
  /// Gives each of `nodes` (parents before children) a slot, evicting what the batch does not use:
  /// least recently used leaves of accounts that would hold more than an equal share, then any.
  /// False when there are too few; then nothing has changed but evictions.
  bool assign_slots(std::span<const Prefix> nodes);
  void drop_slot(Prefix p);

  /// The path of a resident node as runs of slots, first position first, appended to `out`.
  void path_runs(Prefix p, std::vector<KvRun>& out) const;

  int n_slots() const { return n_slots_; }
  int n_nodes() const { return n_alive_; }

 private:
  struct Node {
    Prefix parent = kNoPrefix;
    Token token = -1;
    std::int32_t refs = 0, length = 0, slot = -1;
    std::int32_t run = 0;           // nodes in this run of consecutive slots, up to this one
    Prefix before_run = kNoPrefix;  // the node before the run
    std::uint32_t stamp = 0;        // last batch that used it
    int account = 0;
  };
  bool make_room(std::span<const Prefix> nodes);
  void evict(std::span<const Prefix> idle, std::span<const Prefix> wanted, int n);

  std::vector<Node> nodes_;
  std::vector<Prefix> free_nodes_;
  std::vector<int> free_slots_;     // largest first, so that slots fill up from 0
  std::vector<Prefix> slot_owner_;  // (slots ever used)
  int n_slots_ = 0, n_alive_ = 0;
  std::uint32_t stamp_ = 0;
};

}  // namespace ponder
