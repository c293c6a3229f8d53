// PrefixTree: adding and releasing nodes, assigning slots, and eviction.
#include "model/prefix_tree.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "base/check.h"

namespace ponder {

Prefix PrefixTree::add(Prefix parent, Token token, int account) {
  Prefix p;
  if (free_nodes_.empty()) {
    p = static_cast<Prefix>(nodes_.size());
    nodes_.emplace_back();
  } else {
    p = free_nodes_.back();
    free_nodes_.pop_back();
  }
  nodes_[p] = Node{.parent = parent,
                   .token = token,
                   .refs = 1,
                   .length = length(parent) + 1,
                   .stamp = stamp_,
                   .account = account};
  if (parent != kNoPrefix) retain(parent);
  ++n_alive_;
  return p;
}

void PrefixTree::release(Prefix p) {
  while (p != kNoPrefix) {
    PONDER_CHECK(alive(p));
    if (--nodes_[p].refs > 0) return;
    if (resident(p)) drop_slot(p);
    free_nodes_.push_back(p);
    --n_alive_;
    p = nodes_[p].parent;
  }
}

void PrefixTree::touch_path(Prefix p, std::vector<Prefix>& missing) {
  const std::size_t first = missing.size();
  for (; p != kNoPrefix && nodes_[p].stamp != stamp_; p = nodes_[p].parent) {
    nodes_[p].stamp = stamp_;
    if (!resident(p)) missing.push_back(p);
  }
  std::reverse(missing.begin() + static_cast<std::ptrdiff_t>(first), missing.end());
}

bool PrefixTree::make_room(std::span<const Prefix> nodes) {
  const int n = static_cast<int>(nodes.size());
  const int available =
      static_cast<int>(free_slots_.size()) + n_slots_ - static_cast<int>(slot_owner_.size());
  if (available >= n) return true;
  std::vector<Prefix> idle;
  for (Prefix p : slot_owner_)
    if (p != kNoPrefix && nodes_[p].stamp != stamp_) idle.push_back(p);
  if (available + static_cast<int>(idle.size()) < n) return false;
  // A descendant's use also counts as use of its ancestors. So if nodes are dropped in the order of
  // older stamps first, and longer nodes first among equal stamps, no child loses its parent.
  std::sort(idle.begin(), idle.end(), [&](Prefix a, Prefix b) {
    const Node &x = nodes_[a], &y = nodes_[b];
    return x.stamp != y.stamp ? x.stamp < y.stamp : x.length > y.length;
  });
  // Evicts more than needed, so that not every batch has to sort.
  const int extra = std::max(n - available, n_slots_ / 8);
  evict(idle, nodes, std::min(extra, static_cast<int>(idle.size())));
  return true;
}

// Drops the slots of n of the idle nodes, in their order. First drops nodes without children of
// accounts that hold more than an equal share of all slots in use (counted once `wanted` have their
// slots). If these are too few, because the batch itself holds that share, drops any.
void PrefixTree::evict(std::span<const Prefix> idle, std::span<const Prefix> wanted, int n) {
  std::unordered_map<int, int> held;  // slots held by each account
  std::unordered_map<Prefix, int> children;
  int in_use = static_cast<int>(wanted.size()) - n;
  for (Prefix p : wanted) ++held[nodes_[p].account];
  for (Prefix p : slot_owner_) {
    if (p == kNoPrefix) continue;
    ++held[nodes_[p].account];
    ++in_use;
    if (nodes_[p].parent != kNoPrefix) ++children[nodes_[p].parent];
  }
  const int share = in_use / static_cast<int>(held.size());
  for (const bool fair : {true, false})
    for (std::size_t i = 0; i < idle.size() && n > 0; ++i) {
      const Prefix p = idle[i];
      int& of_account = held[nodes_[p].account];
      if (!resident(p) || (fair && (of_account <= share || children[p] > 0))) continue;
      drop_slot(p);
      --of_account;
      --children[nodes_[p].parent];
      --n;
    }
}

void PrefixTree::drop_slot(Prefix p) {
  const int slot = nodes_[p].slot;
  slot_owner_[slot] = kNoPrefix;
  nodes_[p].slot = -1;
  free_slots_.push_back(slot);
}

bool PrefixTree::assign_slots(std::span<const Prefix> nodes) {
  if (!make_room(nodes)) return false;
  std::sort(free_slots_.begin(), free_slots_.end(), std::greater<>());
  for (Prefix p : nodes) {
    int slot = static_cast<int>(slot_owner_.size());
    if (free_slots_.empty()) {
      slot_owner_.push_back(p);
    } else {
      slot = free_slots_.back();
      free_slots_.pop_back();
      slot_owner_[slot] = p;
    }
    Node& node = nodes_[p];
    node.slot = slot;
    node.run = 1;
    node.before_run = node.parent;
    if (node.parent == kNoPrefix) continue;
    const Node& up = nodes_[node.parent];
    PONDER_CHECK(up.slot >= 0);
    if (up.slot + 1 == slot) {
      node.run = up.run + 1;
      node.before_run = up.before_run;
    }
  }
  return true;
}

void PrefixTree::path_runs(Prefix p, std::vector<KvRun>& out) const {
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  for (; p != kNoPrefix; p = nodes_[p].before_run)
    out.push_back({nodes_[p].slot - nodes_[p].run + 1, nodes_[p].run});
  std::reverse(out.begin() + first, out.end());
}

}  // namespace ponder
