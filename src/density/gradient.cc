// Value and gradient at soft replies. Their rows go through the same forward pass as any other
// rows, under nodes of the tree that are released afterwards, and the pass keeps a tape, along
// which the objective's derivative is carried back.
#include <cmath>
#include <new>
#include <string>

#include "base/parallel.h"
#include "density/language.h"

namespace ponder {
namespace {

constexpr std::int64_t kTapeBytes = 1ll << 30;  // used unless the caller sets a limit

const TokenMask* mask_of(const SoftReply& r, std::size_t t) {
  return r.masks.empty() ? nullptr : r.masks[r.masks.size() == 1 ? 0 : t];
}
std::span<const float> weights_of(const SoftReply& r, std::size_t t) {
  return r.weights.empty() ? r.weights : r.weights.subspan(t * r.m, r.m);
}

TokenMix mix_of(const SoftReply& r, std::size_t t) { return {r.list(t), weights_of(r, t)}; }

Error unfit(const std::string& expected, const std::string& got, const std::string& where) {
  return {Code::kInvalid, expected, got, "SoftReply::" + where, ""};
}

Status check_weights(const SoftReply& r) {
  constexpr double kSlack = 1e-3;
  for (std::size_t t = 0; t < r.n(); ++t) {
    double sum = 0;
    for (float w : weights_of(r, t)) sum += w;
    if (!(std::abs(sum - 1) <= kSlack))
      return unfit("weights that sum to 1", std::to_string(sum),
                   "weights, position " + std::to_string(t));
  }
  return {};
}

// or_minus_inf: -inf counts as finite, since it is the slope of a masked id's weight.
bool all_finite(const std::vector<float>& x, bool or_minus_inf) {
  return std::all_of(x.begin(), x.end(),
                     [&](float v) { return std::isfinite(v) || (or_minus_inf && v < 0); });
}

// If any number is not finite, marks the gradient as such and clears its arrays.
void check_finite(ReplyGradient& g) {
  g.finite = std::isfinite(g.value) && all_finite(g.embedding, false) &&
             all_finite(g.slopes, false) && all_finite(g.weights, true);
  if (g.finite) return;
  g.embedding.clear();
  g.slopes.clear();
  g.weights.clear();
}

}  // namespace

Status Language::check(const SoftReply& r) const {
  const auto m = static_cast<std::size_t>(r.m);
  if (r.m < 1 || r.candidates.empty() || r.candidates.size() % m != 0)
    return unfit("(n, m) candidates, n and m at least 1",
                 std::to_string(r.candidates.size()) + " candidates, m = " + std::to_string(r.m),
                 "candidates");
  const bool shared = r.candidates.size() == m && !r.weights.empty() && r.weights.size() % m == 0;
  if (r.weights.empty() ? m != 1 : !shared && r.weights.size() != r.candidates.size())
    return unfit("a weight a candidate (" + std::to_string(r.candidates.size()) + ")",
                 std::to_string(r.weights.size()), "weights");
  const Prefix parent = r.parent.get();
  if (parent == kNoPrefix)
    return unfit("a prefix of at least one token", "the empty prefix", "parent");
  if (r.masks.size() > 1 && r.masks.size() != r.n())
    return unfit("no mask, one, or one a position (" + std::to_string(r.n()) + ")",
                 std::to_string(r.masks.size()), "masks");
  PONDER_TRY(check_alive(parent, "SoftReply::parent"));
  for (Token v : r.candidates)
    if (v < 0 || v >= n_vocab())
      return unfit("token ids from 0 to " + std::to_string(n_vocab() - 1), std::to_string(v),
                   "candidates");
  for (const TokenMask* mask : r.masks)
    if (mask && mask->n_vocab() != n_vocab())
      return unfit("a mask of " + std::to_string(n_vocab()) + " ids",
                   std::to_string(mask->n_vocab()), "masks");
  if (tree_.length(parent) + static_cast<int>(r.n()) > n_ctx_)
    return Error{Code::kInvalid, "at most " + std::to_string(n_ctx_) + " tokens of context",
                 std::to_string(tree_.length(parent) + r.n()), "prompt and reply together",
                 "shorten them or raise the context size"};
  return r.weights.empty() ? Status() : check_weights(r);
}

// Makes nodes with slots for all positions but the last, on which no row depends. `again`: the
// nodes that must be fed first, so that the parents have what the rows need; `missing`: those of
// them that have no keys and values.
Status Language::take_nodes(std::span<const SoftReply> replies,
                            std::vector<std::vector<Prefix>>& nodes, std::vector<Prefix>& missing,
                            std::vector<FedNode>& again) {
  tree_.begin_batch();
  std::vector<Prefix> parents;
  for (const SoftReply& r : replies) {
    tree_.touch_path(r.parent.get(), missing);
    parents.push_back(r.parent.get());
  }
  again = to_feed(missing, std::move(parents));
  std::vector<Prefix> fresh = missing;
  nodes.clear();
  for (const SoftReply& r : replies) {
    std::vector<Prefix>& path = nodes.emplace_back();
    for (std::size_t t = 0; t + 1 < r.n(); ++t) {
      // An engine does not read the token of a mixture's node.
      path.push_back(tree_.add(t == 0 ? r.parent.get() : path.back(), r.list(t)[0],
                               tree_.account(r.parent.get())));
      fresh.push_back(path.back());
    }
  }
  return tree_.assign_slots(fresh) ? Status() : too_few_slots(fresh.size());
}

// Makes the nodes of take_nodes(), and feeds the parents that need it.
Status Language::grow_replies(std::span<const SoftReply> replies,
                              std::vector<std::vector<Prefix>>& nodes) {
  std::vector<FedNode> again;
  std::vector<Prefix> missing;
  {
    const std::lock_guard lock(tree_mutex_);
    PONDER_TRY(take_nodes(replies, nodes, missing, again));
  }
  if (Status fed = feed(again); !fed.ok()) {
    const std::lock_guard lock(tree_mutex_);
    for (const std::vector<Prefix>& path : nodes) forget(path);
    forget(missing);
    return fed;
  }
  spend({.tokens_scored = static_cast<std::int64_t>(again.size())});
  return {};
}

Language::ReleasedNodes::~ReleasedNodes() {
  const std::lock_guard lock(d.tree_mutex_);
  for (const std::vector<Prefix>& path : nodes)
    for (std::size_t k = path.size(); k-- > 0;) d.tree_.release(path[k]);
}

void Language::spend(const Cost& c) {
  const std::lock_guard lock(tree_mutex_);
  cost_ += c;
}

// Appends the rows of all nodes to batch_. Returns the first row of each reply, and the number of
// rows at the end.
std::vector<int> Language::add_replies(std::span<const SoftReply> replies,
                                       const std::vector<std::vector<Prefix>>& nodes) {
  batch_ = {};
  std::vector<int> first_rows{0};
  for (std::size_t r = 0; r < replies.size(); ++r) {
    for (std::size_t t = 0; t < nodes[r].size(); ++t) {
      add_row(nodes[r][t]);
      batch_.mixes.push_back(mix_of(replies[r], t));
    }
    first_rows.push_back(batch_.n());
  }
  return first_rows;
}

// Appends the rows that predict the positions of a reply: its parent's row, then those of its
// nodes, which are the batch's rows from first_row on.
void Language::add_objective_rows(const SoftReply& r, std::size_t number,
                                  const std::vector<Prefix>& nodes, int first_row, float* direct,
                                  std::vector<ObjectiveRow>& rows) const {
  for (std::size_t t = 0; t < r.n(); ++t) {
    ObjectiveRow row;
    row.slot = tree_.slot(t == 0 ? r.parent.get() : nodes[t - 1]);
    if (t > 0) row.batch_row = first_row + static_cast<int>(t) - 1;
    row.mask = mask_of(r, t);
    row.candidates = r.list(t);
    row.weights = weights_of(r, t);
    row.reply = number;
    row.t = t;
    if (direct) row.direct = direct + t * r.m;
    rows.push_back(row);
  }
}

// Runs the forward and backward pass over nodes that have their slots.
Status Language::grad_batch(std::span<const SoftReply> replies,
                            const std::vector<std::vector<Prefix>>& nodes, std::size_t first,
                            const Objective& objective, const GradientOptions& options, Keep keep,
                            std::span<ReplyGradient> out) {
  const std::ptrdiff_t d = model_->info().n_embd;
  const std::vector<int> first_rows = add_replies(replies, nodes);
  if (batch_.n() > 0) PONDER_TRY(engine_->forward(batch_, keep));
  std::vector<ObjectiveRow> rows;
  for (std::size_t r = 0; r < replies.size(); ++r) {
    out[r] = {};
    if (options.weights) out[r].weights.resize(replies[r].n() * replies[r].m);
    add_objective_rows(replies[r], first + r, nodes[r], first_rows[r],
                       options.weights ? out[r].weights.data() : nullptr, rows);
  }
  PONDER_TRY(engine_->objective(rows, objective));
  std::vector<float> dx(static_cast<std::size_t>(batch_.n() * d));
  if (batch_.n() > 0) PONDER_TRY(engine_->backward(batch_, first_rows, dx));
  for (const ObjectiveRow& row : rows) {
    ReplyGradient& g = out[row.reply - first];
    g.value += row.value;
    g.logprobs.push_back(row.logprob);
    if (objective.lz != 0) g.lz.push_back(row.lz);
  }
  for (std::size_t r = 0; r < replies.size(); ++r) {
    out[r].embedding.assign(dx.begin() + first_rows[r] * d, dx.begin() + first_rows[r + 1] * d);
    out[r].embedding.resize(replies[r].n() * d, 0.f);  // no row depends on the last token
  }
  if (!objective.embedding_terms.empty())
    PONDER_TRY(add_embedding_terms(replies, first, objective, out));
  PONDER_TRY(add_slopes(replies, options, out));
  for (ReplyGradient& g : out) check_finite(g);
  spend({.tokens_scored = batch_.n(), .tokens_backward = batch_.n()});
  return {};
}

Status Language::add_embedding_terms(std::span<const SoftReply> replies, std::size_t first,
                                     const Objective& objective,
                                     std::span<ReplyGradient> out) const {
  const auto d = static_cast<std::size_t>(model_->info().n_embd);
  std::vector<TokenMix> mixes;
  std::vector<std::size_t> begin{0};  // first mixture of each reply
  for (const SoftReply& r : replies) {
    for (std::size_t t = 0; t < r.n(); ++t) mixes.push_back(mix_of(r, t));
    begin.push_back(mixes.size());
  }
  std::vector<float> e(mixes.size() * d);
  PONDER_TRY(engine_->embeddings(mixes, e));
  parallel_for(model_->info().n_threads, static_cast<std::int64_t>(out.size()),
               [&](std::int64_t r) {
                 const auto own = std::span(e).subspan(begin[r] * d, (begin[r + 1] - begin[r]) * d);
                 for (const EmbeddingTerm* term : objective.embedding_terms)
                   out[r].value += term->add(first + r, own, out[r].embedding);
               });
  return {};
}

// Adds the slopes along embeddings: of the candidates, and of the whole vocabulary.
Status Language::add_slopes(std::span<const SoftReply> replies, const GradientOptions& options,
                            std::span<ReplyGradient> out) const {
  const auto n_ids = static_cast<std::size_t>(n_vocab());
  std::vector<SlopeRequest> wanted;
  for (std::size_t r = 0; r < out.size(); ++r) {
    const SoftReply& reply = replies[r];
    ReplyGradient& g = out[r];
    if (options.weights)
      wanted.push_back(
          {reply.candidates, g.embedding, static_cast<std::size_t>(reply.m), g.weights});
    if (!options.slopes) continue;
    g.slopes.assign(reply.n() * n_ids, 0.f);
    wanted.push_back({{}, g.embedding, n_ids, g.slopes});
  }
  return wanted.empty() ? Status() : engine_->slopes(wanted);
}

Status Language::value_and_grad(std::span<const SoftReply> replies, const Objective& objective,
                                const GradientOptions& options, std::vector<ReplyGradient>& out) {
  const std::lock_guard passing(pass_mutex_);
  std::size_t longest = 1;
  for (const SoftReply& r : replies) {
    const std::lock_guard lock(tree_mutex_);
    PONDER_TRY(check(r));
    longest = std::max(longest, r.n());
  }
  out.assign(replies.size(), {});
  const std::int64_t limit = options.tape_limit > 0 ? options.tape_limit : kTapeBytes;
  const auto fits = [&](std::size_t n, Keep keep) { return engine_->kept_bytes(n, keep) <= limit; };
  const auto most = static_cast<std::size_t>(engine_->sizes().pass_rows);
  // Keeps a full tape if the longest reply fits in it; otherwise layers are run twice. A batch has
  // at least one reply.
  const Keep keep = fits(longest, Keep::kAll) ? Keep::kAll : Keep::kStream;
  for (std::size_t begin = 0, end = 0; begin < replies.size(); begin = end) {
    std::size_t n = 0;
    do n += replies[end++].n();
    while (end < replies.size() && n + replies[end].n() <= most &&
           fits(n + replies[end].n(), keep));
    const auto part = replies.subspan(begin, end - begin);
    const auto results = std::span(out).subspan(begin, end - begin);
    std::vector<std::vector<Prefix>> nodes;
    const ReleasedNodes released{*this, nodes};
    Status status;
    try {
      status = engine_->pass([&]() -> Status {
        PONDER_TRY(grow_replies(part, nodes));
        return grad_batch(part, nodes, begin, objective, options, keep, results);
      });
    } catch (const std::bad_alloc&) {
      status = Error{Code::kResource, "memory for the gradient of " + std::to_string(n) + " tokens",
                     "none left", "value_and_grad",
                     "lower the tape limit, or give fewer replies at once"};
    }
    PONDER_TRY(status);
  }
  return {};
}

}  // namespace ponder
