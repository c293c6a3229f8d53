// The heap, and reference counts of the nodes.
#include "search/frontier.h"

#include <algorithm>

namespace ponder {

Frontier::Frontier(PrefixRef context, std::int64_t max_entries)
    : max_entries_(static_cast<std::size_t>(max_entries)) {
  nodes_.push_back({.refs = 1, .prefix = std::move(context)});
}

Frontier::Index Frontier::add(Index parent, Token v, double logprob, PrefixRef prefix) {
  Node node{parent, v, nodes_[parent].length + 1, 1, logprob, std::move(prefix)};
  Index i = static_cast<Index>(nodes_.size());
  if (free_.empty()) {
    nodes_.push_back(std::move(node));
  } else {
    nodes_[i = free_.back()] = std::move(node);
    free_.pop_back();
  }
  ++nodes_[parent].refs;
  return i;
}

void Frontier::release(Index i) {
  while (--nodes_[i].refs == 0) {
    nodes_[i].prefix = {};
    free_.push_back(i);
    i = nodes_[i].parent;
  }
}

std::vector<Token> Frontier::tokens(Index i) const {
  std::vector<Token> t;
  for (; i > 0; i = nodes_[i].parent) t.push_back(nodes_[i].token);
  std::reverse(t.begin(), t.end());
  return t;
}

void Frontier::push(Entry e) {
  e.order = order_++;
  heap_.push_back(e);
  ++nodes_[e.node].refs;
  std::push_heap(heap_.begin(), heap_.end());
}

Frontier::Entry Frontier::pop() {
  std::pop_heap(heap_.begin(), heap_.end());
  const Entry e = heap_.back();
  heap_.pop_back();
  return e;
}

Status Frontier::put_back(std::vector<Entry>& batch, int& most, const Status& error) {
  most = static_cast<int>(batch.size() / 2);
  for (const Entry& e : batch) {
    push(e);
    release(e.node);  // the reference that pop() has passed to the caller
  }
  batch.clear();
  return error.error().code == Code::kResource ? Status{} : error;
}

void Frontier::limit(const std::function<bool(const Entry&)>& dead) {
  if (heap_.size() <= max_entries_) return;
  auto end = std::partition(heap_.begin(), heap_.end(), [&](const Entry& e) { return !dead(e); });
  // Half of the entries are dropped, so that dropping is rare.
  const auto keep = static_cast<std::ptrdiff_t>(std::max<std::size_t>(max_entries_ / 2, 1));
  if (end - heap_.begin() > keep) {
    std::nth_element(heap_.begin(), heap_.begin() + keep, end,
                     [](const Entry& a, const Entry& b) { return b < a; });
    for (auto it = heap_.begin() + keep; it != end; ++it) drop(it->bound);
    end = heap_.begin() + keep;
  }
  for (auto it = end; it != heap_.end(); ++it) release(it->node);
  heap_.erase(end, heap_.end());
  std::make_heap(heap_.begin(), heap_.end());
}

}  // namespace ponder
