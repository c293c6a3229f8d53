// LanguageDensity on a Transformer: requests to rows of one forward pass, through the tree of prefixes. Nodes whose
// keys and values were evicted, or never made, are fed when they are needed, with the same bits.
#include <algorithm>
#include <new>
#include <string>

#include "base/parallel.h"
#include "language/language.h"
#include "model/memory.h"

namespace ponder {
namespace {

int n_rows(const Extend& e) {
  const int n = static_cast<int>(e.tokens.size());
  switch (e.rows) {
    case RowSet::kNone:
      return 0;
    case RowSet::kTargets:
      return n;
    case RowSet::kLast:
      return 1;
    case RowSet::kAll:
      return n + 1;
  }
  return 0;
}

// Whether the first row asked for is that of the parent.
bool asks_parent(const Extend& e) { return n_rows(e) > 0 && (e.rows != RowSet::kLast || e.tokens.empty()); }
// Whether all nodes of the request are asked for a row, now or by what comes next; else the last one alone.
bool asks_all(const Extend& e) { return e.rows == RowSet::kTargets || e.rows == RowSet::kAll; }
// Nothing asked for depends on the last token of such a request: it is fed when something comes after it.
bool unfed_end(const Extend& e) { return e.rows == RowSet::kTargets && !e.tokens.empty(); }

}  // namespace

Status Language::check(const Extend& e) const {
  const int n = static_cast<int>(e.tokens.size());
  const Prefix parent = e.parent.get();
  if (parent != kNoPrefix && !tree_.alive(parent))
    return Error{Code::kInvalid, "a live prefix", std::to_string(parent), "Extend::parent",
                 "it was released, or is of another density"};
  for (Token v : e.tokens)
    if (v < 0 || v >= n_vocab())
      return Error{Code::kInvalid, "a token id from 0 to " + std::to_string(n_vocab() - 1), std::to_string(v),
                   "Extend::tokens", ""};
  if (tree_.length(parent) + n > n_ctx_)
    return Error{Code::kResource, "at most " + std::to_string(n_ctx_) + " tokens of context",
                 std::to_string(tree_.length(parent) + n), "prompt and reply together",
                 "shorten them or raise the context size"};
  if (parent == kNoPrefix && (n == 0 || e.rows == RowSet::kTargets || e.rows == RowSet::kAll))
    return Error{Code::kInvalid, "a prefix of at least one token", "the empty prefix", "Extend::parent",
                 "a model predicts nothing before the first token"};
  const std::size_t masks = e.masks.size();
  if (masks > 1 && masks != static_cast<std::size_t>(n_rows(e)))
    return Error{Code::kInvalid, "no mask, one, or one a row (" + std::to_string(n_rows(e)) + ")",
                 std::to_string(masks), "Extend::masks", ""};
  for (const TokenMask* m : e.masks)
    if (m && m->n_vocab() != n_vocab())
      return Error{Code::kInvalid, "a mask of " + std::to_string(n_vocab()) + " ids", std::to_string(m->n_vocab()),
                   "Extend::masks", ""};
  return {};
}

void Language::add_row(Prefix p) {
  if (batch_.first_run.empty()) batch_.first_run.push_back(0);
  batch_.tokens.push_back(tree_.token(p));
  batch_.positions.push_back(tree_.length(p) - 1);
  batch_.slots.push_back(tree_.slot(p));
  tree_.path_runs(p, batch_.runs);
  batch_.first_run.push_back(static_cast<std::uint32_t>(batch_.runs.size()));
}

// Pushes nodes (with slots, parents first) through the network.
void Language::feed(std::span<const FedNode> nodes) {
  for (std::size_t i = 0; i < nodes.size(); i += Transformer::kMaxRows) {
    const auto part = nodes.subspan(i, std::min<std::size_t>(Transformer::kMaxRows, nodes.size() - i));
    batch_ = {};
    for (const FedNode& f : part) {
      add_row(f.node);
      batch_.wanted.push_back(f.hidden);
    }
    model_->forward(batch_, kv_, scratch_);
    for (const FedNode& f : part) has_hidden_[tree_.slot(f.node)] = f.hidden;
  }
}

// Nodes that lack what is asked of them, parents first: `missing` (without a slot), and those of `asked`, whose last
// hidden vectors are wanted, that were fed without one.
std::vector<Language::FedNode> Language::to_feed(std::span<const Prefix> missing, std::vector<Prefix> asked) const {
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  std::vector<FedNode> out;
  for (Prefix p : asked)
    if (tree_.resident(p) && !has_hidden_[tree_.slot(p)]) out.push_back({p, true});
  for (Prefix p : missing) out.push_back({p, std::binary_search(asked.begin(), asked.end(), p)});
  return out;
}

Status Language::room_error(std::size_t n) const {
  return Error{Code::kResource,
               "at most " + std::to_string(tree_.n_slots()) + " tokens of keys and values in one batch",
               std::to_string(n) + " more than the batch's prefixes leave room for", "prefix tree",
               "extend fewer prefixes at once, or give more memory for keys and values"};
}

// path[r]: the parent and the new nodes of request r.
Status Language::reduce(std::span<const Extend> requests, std::span<const std::vector<Prefix>> path, Rows& out) {
  std::vector<RowRequest> wanted;
  out.rows.clear();
  out.first.assign(1, 0);
  for (const Extend& e : requests) out.first.push_back(out.first.back() + n_rows(e));
  out.rows.resize(out.first.back());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const Extend& e = requests[r];
    const int n = static_cast<int>(e.tokens.size()), rows = n_rows(e), begin = e.rows == RowSet::kLast ? n : 0;
    for (int k = 0; k < rows; ++k) {
      RowRequest q;
      q.hidden = kv_.hidden(tree_.slot(path[r][begin + k]));
      q.needs = &e.needs;
      q.mask = e.mask(k);
      q.target = begin + k < n ? e.tokens[begin + k] : -1;
      q.out = &out.rows[out.first[r] + k];
      wanted.push_back(q);
    }
  }
  return reducer_.run(wanted);
}

Status Language::extend(std::span<const Extend> requests, Rows& out) {
  for (const Extend& e : requests) PONDER_TRY(check(e));
  tree_.begin_batch();
  std::vector<Prefix> fresh, asked;  // nodes that want slots, parents first: evicted ancestors, then new ones
  for (const Extend& e : requests) {
    tree_.touch_path(e.parent.get(), fresh);
    if (asks_parent(e)) asked.push_back(e.parent.get());
  }
  std::vector<FedNode> fed = to_feed(fresh, std::move(asked));
  const std::size_t n_again = fed.size();
  std::vector<std::vector<Prefix>> path(requests.size());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const Extend& e = requests[r];
    const std::size_t n = e.tokens.size(), n_fed = unfed_end(e) ? n - 1 : n;
    path[r].push_back(e.parent.get());
    for (std::size_t k = 0; k < n; ++k) {
      path[r].push_back(tree_.add(path[r].back(), e.tokens[k]));
      if (k >= n_fed) continue;
      fresh.push_back(path[r].back());
      fed.push_back({path[r].back(), asks_all(e) || k + 1 == n});
    }
  }
  Status status;
  try {
    if (!tree_.assign_slots(fresh)) {
      status = room_error(fresh.size());
    } else {
      parallel_region(model_->info().n_threads, [&] {
        feed(fed);
        status = reduce(requests, path, out);
      });
    }
  } catch (const std::bad_alloc&) {
    status = Error{Code::kResource, "memory for a batch of " + std::to_string(fresh.size()) + " tokens", "none left",
                   "prefix tree", "use a smaller batch or context"};
  }
  out.end.clear();
  for (std::size_t r = 0; r < requests.size(); ++r) {
    std::vector<Prefix>& nodes = path[r];
    if (!status.ok()) {  // the last node goes, and with it the chain
      if (nodes.size() > 1)
        for (std::size_t k = nodes.size(); k-- > 1;) tree_.release(nodes[k]);
      continue;
    }
    for (std::size_t k = 1; k + 1 < nodes.size(); ++k) tree_.release(nodes[k]);  // held by their children
    if (nodes.size() == 1 && nodes[0] != kNoPrefix) tree_.retain(nodes[0]);
    out.end.push_back(nodes.back() == kNoPrefix ? PrefixRef() : PrefixRef::adopt(*this, nodes.back()));
    (nodes.size() == 2 ? cost_.tokens_decoded : cost_.tokens_scored) +=
        static_cast<std::int64_t>(nodes.size()) - 1 - (unfed_end(requests[r]) ? 1 : 0);
  }
  if (status.ok()) cost_.tokens_scored += static_cast<std::int64_t>(n_again);
  return status;
}

bool Language::is_live(const Context& c) const {
  if (!tree_.alive(c.root) || tree_.length(c.root) != static_cast<int>(c.tokens.size())) return false;
  Prefix p = c.root;
  for (std::size_t t = c.tokens.size(); t-- > 0; p = tree_.parent(p))
    if (tree_.token(p) != c.tokens[t]) return false;
  return true;
}

Result<PrefixRef> Language::add_context(std::span<const Token> prompt) {
  if (prompt.empty())
    return Error{Code::kInvalid, "a prompt of at least one token", "none", "add_context",
                 "begin with the model's BOS token"};
  std::erase_if(contexts_, [this](const Context& c) { return !is_live(c); });
  // What the prompt shares with one that is there already is not fed again.
  const Context* like = nullptr;
  std::size_t shared = 0;
  for (const Context& c : contexts_) {
    const auto n = static_cast<std::size_t>(
        std::mismatch(c.tokens.begin(), c.tokens.end(), prompt.begin(), prompt.end()).first - c.tokens.begin());
    if (n <= shared) continue;
    shared = n;
    like = &c;
  }
  PrefixRef root;
  if (like) root = PrefixRef::share(*this, like->root).ancestor(static_cast<int>(like->tokens.size() - shared));
  if (shared < prompt.size()) {
    Rows rows;
    const Extend rest{.parent = root, .tokens = prompt.subspan(shared), .rows = RowSet::kNone};
    PONDER_TRY(extend({&rest, 1}, rows));
    root = std::move(rows.end[0]);
  }
  contexts_.push_back({root.get(), {prompt.begin(), prompt.end()}});
  return root;
}

Result<std::unique_ptr<LanguageDensity>> LanguageDensity::make(std::shared_ptr<const Model> model,
                                                               const DensityOptions& options) {
  auto transformer = std::static_pointer_cast<const Transformer>(std::move(model));  // the only kind of Model there is
  const Config& c = transformer->config();
  const int n_ctx = options.n_ctx > 0 ? options.n_ctx : c.n_ctx;
  if (c.learned_positions && n_ctx > c.n_ctx)
    return Error{Code::kInvalid, "a context of at most " + std::to_string(c.n_ctx) + " tokens", std::to_string(n_ctx),
                 transformer->file().path(), "the model has no more positions"};
  const std::int64_t per_slot = KvStore::bytes_per_slot(c, transformer->kernel()), free = available_memory();
  constexpr std::int64_t kUsualSlots = 16384;  // room for searches beside the context
  const std::int64_t wanted = options.kv_bytes > 0
                                  ? options.kv_bytes
                                  : std::min(free / 2, per_slot * std::max<std::int64_t>(2ll * n_ctx, kUsualSlots));
  const std::int64_t n_slots = std::min<std::int64_t>(wanted / per_slot, 1 << 24);
  if (n_slots < n_ctx)
    return Error{Code::kResource,
                 std::to_string((per_slot * n_ctx) >> 20) + " MB for the keys and values of " + std::to_string(n_ctx) +
                     " tokens",
                 std::to_string(wanted >> 20) + " MB", transformer->file().path(), "use a smaller context size"};
  std::vector<Token> ends = options.end_tokens;
  std::sort(ends.begin(), ends.end());
  try {
    return std::unique_ptr<LanguageDensity>(
        std::make_unique<Language>(std::move(transformer), std::move(ends), n_ctx, static_cast<int>(n_slots)));
  } catch (const std::bad_alloc&) {
    return Error{Code::kResource, std::to_string((per_slot * n_slots) >> 20) + " MB for keys and values", "none left",
                 "", "use a smaller context size"};
  }
}

}  // namespace ponder
