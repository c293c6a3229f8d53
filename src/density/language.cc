// LanguageDensity on an engine: turns requests into rows of one forward pass, through the prefix
// tree. Nodes whose keys and values were evicted, or were never computed, are fed when they are
// needed, with the same bits.
#include <algorithm>
#include <new>
#include <string>

#include "density/language.h"
#include "law/requests.h"

namespace ponder {
namespace {

// True if the first row that the request asks for is the parent's.
bool asks_parent(const Extend& e) {
  return n_rows(e) > 0 && (e.rows != RowSet::kLast || e.tokens.empty());
}
// True if every node of the request may be asked for a row, now or by a later request; else only
// the last one may be.
bool asks_all(const Extend& e) { return e.rows == RowSet::kTargets || e.rows == RowSet::kAll; }
// True if no requested row depends on the request's last token. That token is then fed only when
// something follows it.
bool unfed_end(const Extend& e) { return e.rows == RowSet::kTargets && !e.tokens.empty(); }

}  // namespace

Status Language::check_alive(Prefix parent, const char* where) const {
  if (parent == kNoPrefix || tree_.alive(parent)) return {};
  return Error{Code::kInvalid, "a live prefix", std::to_string(parent), where,
               "it was released, or is of another density"};
}

Status Language::check(const Extend& e) const {
  const Prefix parent = e.parent.get();
  PONDER_TRY(check_alive(parent, "Extend::parent"));
  PONDER_TRY(check_request(*this, e, tree_.length(parent)));
  if (parent == kNoPrefix &&
      (e.tokens.empty() || e.rows == RowSet::kTargets || e.rows == RowSet::kAll))
    return Error{Code::kInvalid, "a prefix of at least one token", "the empty prefix",
                 "Extend::parent", "a model predicts nothing before the first token"};
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

// Pushes nodes through the network. They have slots, and parents come first.
Status Language::feed(std::span<const FedNode> nodes) {
  const auto most = static_cast<std::size_t>(engine_->sizes().pass_rows);
  for (std::size_t i = 0; i < nodes.size(); i += most) {
    const auto part = nodes.subspan(i, std::min(most, nodes.size() - i));
    batch_ = {};
    for (const FedNode& f : part) {
      add_row(f.node);
      batch_.wanted.push_back(f.hidden);
    }
    PONDER_TRY(engine_->forward(batch_, Keep::kNothing));
    for (const FedNode& f : part) has_hidden_[tree_.slot(f.node)] = f.hidden;
  }
  return {};
}

// Returns the nodes that must be fed, parents first: those of `asked` (nodes whose last hidden
// vectors are wanted) that were fed without one, and all of `missing` (nodes without a slot).
std::vector<Language::FedNode> Language::to_feed(std::span<const Prefix> missing,
                                                 std::vector<Prefix> asked) const {
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  std::vector<FedNode> out;
  for (Prefix p : asked)
    if (tree_.resident(p) && !has_hidden_[tree_.slot(p)]) out.push_back({p, true});
  for (Prefix p : missing) out.push_back({p, std::binary_search(asked.begin(), asked.end(), p)});
  return out;
}

Status Language::too_few_slots(std::size_t n) const {
  return Error{
      Code::kResource,
      "at most " + std::to_string(tree_.n_slots()) + " tokens of keys and values in one batch",
      std::to_string(n) + " more than the batch's prefixes leave room for", "prefix tree",
      "extend fewer prefixes at once, or give more memory for keys and values"};
}

Status Language::reduce(std::span<const Extend> requests, const Pass& pass, Rows& out) {
  std::vector<RowRequest> wanted;
  for (std::size_t r = 0; r < requests.size(); ++r)
    out.first[r + 1] = out.first[r] + (pass.path[r].empty() ? 0 : n_rows(requests[r]));
  out.rows.resize(out.first.back());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const Extend& e = requests[r];
    const int n = static_cast<int>(e.tokens.size()), begin = first_row(e);
    for (int k = 0; k < static_cast<int>(out.of(r).size()); ++k) {
      RowRequest q;
      q.slot = tree_.slot(pass.path[r][begin + k]);
      q.needs = &e.needs;
      q.mask = e.mask(k);
      q.target = begin + k < n ? e.tokens[begin + k] : -1;
      q.out = &out.rows[out.first[r] + k];
      wanted.push_back(q);
    }
  }
  return engine_->rows(wanted);
}

// Makes nodes and slots for all valid requests, and counts the costs of all tokens that will be
// fed.
Status Language::begin_pass(std::span<const Extend> requests, Pass& pass, Rows& out) {
  tree_.begin_batch();
  std::vector<Prefix> asked;
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const Extend& e = requests[r];
    out.status[r] = check(e);
    if (!out.status[r].ok()) continue;
    const std::size_t n_missing = pass.fresh.size();
    tree_.touch_path(e.parent.get(), pass.fresh);
    out.cost[r].tokens_scored += static_cast<std::int64_t>(pass.fresh.size() - n_missing);
    if (asks_parent(e)) asked.push_back(e.parent.get());
  }
  pass.fed = to_feed(pass.fresh, std::move(asked));
  charge_again(requests, pass, pass.fed.size() - pass.fresh.size(), out);
  pass.path.resize(requests.size());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    if (!out.status[r].ok()) continue;
    const Extend& e = requests[r];
    const std::size_t n = e.tokens.size(), n_fed = unfed_end(e) ? n - 1 : n;
    std::vector<Prefix>& path = pass.path[r];
    path.push_back(e.parent.get());
    for (std::size_t k = 0; k < n; ++k) {
      path.push_back(tree_.add(path.back(), e.tokens[k], e.account));
      if (k >= n_fed) continue;
      pass.fresh.push_back(path.back());
      pass.fed.push_back({path.back(), asks_all(e) || k + 1 == n});
    }
    (n == 1 ? out.cost[r].tokens_decoded : out.cost[r].tokens_scored) +=
        static_cast<std::int64_t>(n_fed);
  }
  return tree_.assign_slots(pass.fresh) ? Status() : too_few_slots(pass.fresh.size());
}

// Charges for parents that are fed again. The first `n_resident` nodes of pass.fed, sorted by
// number, are parents that were fed without their last hidden vector. The first request that asks
// for such a parent's row pays for it.
void Language::charge_again(std::span<const Extend> requests, const Pass& pass,
                            std::size_t n_resident, Rows& out) const {
  std::vector<bool> paid(n_resident, false);
  const auto again = std::span(pass.fed).first(n_resident);
  for (std::size_t r = 0; r < requests.size() && n_resident > 0; ++r) {
    if (!out.status[r].ok() || !asks_parent(requests[r])) continue;
    const Prefix parent = requests[r].parent.get();
    const auto at = std::lower_bound(again.begin(), again.end(), parent,
                                     [](const FedNode& f, Prefix p) { return f.node < p; });
    if (at == again.end() || at->node != parent || paid[at - again.begin()]) continue;
    paid[at - again.begin()] = true;
    ++out.cost[r].tokens_scored;
  }
}

// After a pass that failed: nobody knows what is in the slots of nodes that it was to feed.
void Language::forget(std::span<const Prefix> fresh) {
  for (std::size_t i = fresh.size(); i-- > 0;)  // children first
    if (tree_.alive(fresh[i]) && tree_.resident(fresh[i])) tree_.drop_slot(fresh[i]);
}

Status Language::end_pass(std::span<const Extend> requests, const Pass& pass, const Status& status,
                          Rows& out) {
  for (std::size_t r = 0; r < pass.path.size(); ++r) {
    const std::vector<Prefix>& path = pass.path[r];
    if (path.empty()) continue;
    if (!status.ok()) {  // releases the whole chain, last node first
      for (std::size_t k = path.size(); k-- > 1;) tree_.release(path[k]);
      continue;
    }
    // Children hold these nodes.
    for (std::size_t k = 1; k + 1 < path.size(); ++k) tree_.release(path[k]);
    if (path.size() == 1) tree_.retain(path[0]);
    out.end[r] = PrefixRef::adopt(*this, path.back());
    cost_ += out.cost[r];
  }
  if (!status.ok()) forget(pass.fresh);
  return status.ok() ? out.first_error() : out.fail(requests.size(), status.error());
}

Status Language::extend(std::span<const Extend> requests, Rows& out) {
  out.start(requests.size());  // destroys references, which locks the tree
  const std::lock_guard passing(pass_mutex_);
  Pass pass;
  Status status;
  try {
    {
      const std::lock_guard lock(tree_mutex_);
      status = begin_pass(requests, pass, out);
    }
    if (status.ok())
      status = engine_->pass([&]() -> Status {
        PONDER_TRY(feed(pass.fed));
        return reduce(requests, pass, out);
      });
  } catch (const std::bad_alloc&) {
    status = Error{Code::kResource,
                   "memory for a batch of " + std::to_string(pass.fresh.size()) + " tokens",
                   "none left", "prefix tree", "use a smaller batch or context"};
  }
  const std::lock_guard lock(tree_mutex_);
  return end_pass(requests, pass, status, out);
}

Result<std::unique_ptr<LanguageDensity>> LanguageDensity::make(std::shared_ptr<const Model> model,
                                                               const DensityOptions& options) {
  const ModelInfo& info = model->info();
  const int n_ctx = options.n_ctx > 0 ? options.n_ctx : info.n_ctx_train;
  if (info.n_ctx_is_limit && n_ctx > info.n_ctx_train)
    return Error{Code::kInvalid,
                 "a context of at most " + std::to_string(info.n_ctx_train) + " tokens",
                 std::to_string(n_ctx), model->file().path(),
                 "the model has no more positions (docs/model-files.md)"};
  const std::int64_t per_slot = info.kv_bytes_per_token;
  constexpr std::int64_t kUsualSlots = 16384;  // leaves slots for searches beside the context
  const std::int64_t wanted =
      options.kv_bytes > 0 ? options.kv_bytes
                           : std::min(model->on_device().free_bytes() / 2,
                                      per_slot * std::max<std::int64_t>(2ll * n_ctx, kUsualSlots));
  const std::int64_t n_slots = std::min<std::int64_t>(wanted / per_slot, 1 << 24);
  if (n_slots < n_ctx)
    return Error{Code::kResource,
                 std::to_string((per_slot * n_ctx) >> 20) + " MB for the keys and values of " +
                     std::to_string(n_ctx) + " tokens",
                 std::to_string(wanted >> 20) + " MB", model->file().path(),
                 "use a smaller context size"};
  std::vector<Token> ends = options.end_tokens;
  std::sort(ends.begin(), ends.end());
  try {
    PONDER_ASSIGN(auto engine, model->on_device().engine(static_cast<int>(n_slots)));
    return std::unique_ptr<LanguageDensity>(std::make_unique<Language>(
        std::move(model), std::move(engine), std::move(ends), n_ctx, static_cast<int>(n_slots)));
  } catch (const std::bad_alloc&) {
    return Error{Code::kResource,
                 std::to_string((per_slot * n_slots) >> 20) + " MB for keys and values",
                 "none left", "", "use a smaller context size"};
  }
}

}  // namespace ponder
