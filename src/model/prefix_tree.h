// PrefixTree: the bookkeeping of a tree of prefixes: one node per token, reference counts, and the
// slot of the KV store that holds a node's keys and values. It holds no numbers. A node that has a
// slot is resident; its ancestors are then resident too, so that a path is a few runs of
// consecutive slots. Eviction takes the least recently used leaves first, and among them first
// those of accounts that hold more than their share of the slots; an evicted node is fed again when
// it is needed. Threads: one at a time, except that token, length, slot and path of a node to which
// the caller has a reference may be read while another thread retains or releases other nodes.
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

  /// Adds a child of `parent` (kNoPrefix: a first token) with one reference. The child holds a
  /// reference to its parent. Its slot is charged to `account`.
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
  }  // number of tokens from the empty prefix
  int slot(Prefix p) const { return nodes_[p].slot; }
  bool resident(Prefix p) const { return nodes_[p].slot >= 0; }
  int account(Prefix p) const { return p == kNoPrefix ? 0 : nodes_[p].account; }

  /// Starts a batch. A node that is touched in it is not evicted before the next batch begins.
  void begin_batch() { ++stamp_; }
  /// Marks the path of p as used, and appends its nodes that have no slot to `missing`, ancestors
  /// first. A node is appended at most once per batch.
  void touch_path(Prefix p, std::vector<Prefix>& missing);
  /// Gives a slot to each of `nodes` (parents before children). Evicts nodes that the batch does
  /// not use: first least recently used leaves of accounts that would hold more than an equal
  /// share, then any. Returns false if there are too few slots; then nothing has changed but
  /// evictions.
  bool assign_slots(std::span<const Prefix> nodes);
  void drop_slot(Prefix p);

  /// Appends the path of a resident node to `out` as runs of slots, first position first.
  void path_runs(Prefix p, std::vector<KvRun>& out) const;

  int n_slots() const { return n_slots_; }
  int n_nodes() const { return n_alive_; }

 private:
  struct Node {
    Prefix parent = kNoPrefix;
    Token token = -1;
    std::int32_t refs = 0, length = 0, slot = -1;
    std::int32_t run = 0;           // length of this run of consecutive slots, up to this node
    Prefix before_run = kNoPrefix;  // the node before the run
    std::uint32_t stamp = 0;        // last batch that used this node
    int account = 0;
  };
  bool make_room(std::span<const Prefix> nodes);
  void evict(std::span<const Prefix> idle, std::span<const Prefix> wanted, int n);

  std::vector<Node> nodes_;
  std::vector<Prefix> free_nodes_;
  std::vector<int> free_slots_;     // largest first, so that slots fill up from 0
  std::vector<Prefix> slot_owner_;  // (slots ever used); kNoPrefix: the slot is free
  int n_slots_ = 0, n_alive_ = 0;
  std::uint32_t stamp_ = 0;
};

}  // namespace ponder
