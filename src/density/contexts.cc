// The contexts of Language: prompts that were added, so that a later prompt shares the beginning
// that both have. A context keeps no node alive, so it is checked before it is used.
#include <algorithm>

#include "density/language.h"

namespace ponder {

Prefix Language::held_ancestor(Prefix p, int n_tokens) {
  for (; n_tokens > 0; --n_tokens) p = tree_.parent(p);
  PONDER_CHECK(tree_.alive(p));
  tree_.retain(p);
  return p;
}

bool Language::is_live(const Context& c) const {
  if (!tree_.alive(c.root) || tree_.length(c.root) != static_cast<int>(c.tokens.size()))
    return false;
  Prefix p = c.root;
  for (std::size_t t = c.tokens.size(); t-- > 0; p = tree_.parent(p))
    if (tree_.token(p) != c.tokens[t]) return false;
  return true;
}

PrefixRef Language::shared_context(std::span<const Token> prompt) {
  const std::lock_guard lock(tree_mutex_);
  std::erase_if(contexts_, [this](const Context& c) { return !is_live(c); });
  const Context* closest = nullptr;
  std::size_t shared = 0;
  for (const Context& c : contexts_) {
    const auto n = static_cast<std::size_t>(
        std::mismatch(c.tokens.begin(), c.tokens.end(), prompt.begin(), prompt.end()).first -
        c.tokens.begin());
    if (n <= shared) continue;
    shared = n;
    closest = &c;
  }
  if (!closest) return {};
  return PrefixRef::adopt(
      *this, held_ancestor(closest->root, static_cast<int>(closest->tokens.size() - shared)));
}

void Language::remember_context(const PrefixRef& root, std::span<const Token> prompt) {
  const std::lock_guard lock(tree_mutex_);
  contexts_.push_back({root.get(), {prompt.begin(), prompt.end()}});
}

Result<PrefixRef> LanguageDensity::add_context(std::span<const Token> prompt) {
  if (prompt.empty())
    return Error{Code::kInvalid, "a prompt of at least one token", "none", "add_context",
                 "begin with the model's BOS token"};
  PrefixRef root = shared_context(prompt);
  const auto shared = static_cast<std::size_t>(root.depth());
  if (shared < prompt.size()) {  // the shared beginning is not fed again
    Rows rows;
    const Extend rest{.parent = root, .tokens = prompt.subspan(shared), .rows = RowSet::kNone};
    PONDER_TRY(extend({&rest, 1}, rows));
    root = std::move(rows.end[0]);
  }
  remember_context(root, prompt);
  return root;
}

}  // namespace ponder
