// CausalDensity is the interface by which decoders, kernels and searches see a language model: a
// tree of prefixes, grown in batches, whose rows are next-token laws. Not a model: implementations
// are src/density/language.cc (a GGUF model), src/law/toy/table.cc (an enumerable toy in double
// precision).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ponder/core/noise.h"
#include "ponder/core/status.h"
#include "ponder/core/token.h"

namespace ponder {

/// The number of a node of the tree: a prefix of tokens. The number does not keep the node alive; a
/// PrefixRef does.
using Prefix = std::int32_t;
inline constexpr Prefix kNoPrefix = -1;

class CausalDensity;

/// One reference to a node of a density's tree. The node lives as long as there is a reference to
/// it, and the density must outlive all of them. A reference that was not given a node stands for
/// the empty prefix. Threads: one thread at a time may use an object; different copies are as
/// thread-safe as their density.
class PrefixRef {
 public:
  PrefixRef() = default;
  /// Takes over a reference that the caller holds (from CausalDensity::ancestor or retain).
  static PrefixRef adopt(CausalDensity& d, Prefix p) { return PrefixRef(d, p); }
  /// Makes an additional reference to a node.
  static PrefixRef share(CausalDensity&, Prefix);
  PrefixRef(const PrefixRef&);
  PrefixRef(PrefixRef&& o) noexcept
      : density_(std::exchange(o.density_, nullptr)), prefix_(o.prefix_) {}
  PrefixRef& operator=(PrefixRef o) noexcept {
    std::swap(density_, o.density_);
    std::swap(prefix_, o.prefix_);
    return *this;
  }
  ~PrefixRef();
  Prefix get() const { return density_ ? prefix_ : kNoPrefix; }
  /// The node n_tokens above this one.
  PrefixRef ancestor(int n_tokens) const;
  int depth() const;  // tokens from the root

 private:
  PrefixRef(CausalDensity& d, Prefix p) : density_(&d), prefix_(p) {}
  CausalDensity* density_ = nullptr;
  Prefix prefix_ = kNoPrefix;
};

/// A set of allowed ids. A masked law is renormalised over it: logprob, lz, entropy and draws all
/// see it.
class TokenMask {
 public:
  explicit TokenMask(int n_vocab, bool allowed = true);
  static TokenMask only(int n_vocab, std::span<const Token> ids);
  void set(Token v, bool allowed);
  bool operator[](Token v) const {
    return (bits_[static_cast<std::size_t>(v) >> 6] >> (v & 63)) & 1u;
  }
  int n_vocab() const { return n_vocab_; }
  int count() const { return count_; }
  /// Bit v % 64 of word v / 64 is set where v is allowed.
  std::span<const std::uint64_t> bits() const { return bits_; }

 private:
  int n_vocab_ = 0, count_ = 0;
  std::vector<std::uint64_t> bits_;
};

struct TokenProb {
  Token token;
  double logprob;  // nats
};

/// What a request picks from a row. lp = log p(. | prefix) after the mask, nats.
struct Draw {
  enum class Kind {
    kNone,
    kInverseCdf,  // v with cdf(v-1) <= u < cdf(v), the cdf of softmax(alpha lp) in token order
    kArgmax,      // the largest alpha lp + noise[v]; ties to the smallest id
    // all v with lp >= bound, largest first (ties: smallest id first), at most max_items of them
    kList,
    kRow,  // the whole row
  };
  Kind kind = Kind::kNone;
  double u = 0;                                             // in [0, 1)
  const float* noise = nullptr;                             // (n_vocab); null: counted, or none
  double bound = -std::numeric_limits<double>::infinity();  // nats
  int max_items = std::numeric_limits<int>::max();
  std::optional<CountedNoise> counted{};  // noise that the density makes, where it makes the row
};

struct Needs {
  double alpha = 1;
  bool lz = false;       // Row::lz = logsumexp_v alpha lp(v)
  bool entropy = false;  // Row::entropy = -sum_v p log p
  Draw draw{};
};

/// Which of the n+1 rows of an n-token request to compute: row 0 is the parent's, row k follows
/// token k.
enum class RowSet : std::uint8_t {
  kNone,  // feed the tokens, compute no row
  // rows 0 … n-1, which predict the tokens themselves; the last token is not fed and costs nothing
  kTargets,
  kLast,  // row n
  kAll,
};

/// Tokens to feed after a node, and the rows that are wanted. A request keeps its parent alive; the
/// caller owns its tokens and masks.
struct Extend {
  PrefixRef parent{};
  std::span<const Token> tokens{};
  RowSet rows = RowSet::kLast;
  Needs needs{};
  /// Allowed ids: empty (all), one mask for every row asked for, or one a row asked for. Null
  /// entries allow all.
  std::vector<const TokenMask*> masks{};
  /// The account whose memory the new tokens take. Keys and values are evicted first from accounts
  /// that hold more than their share.
  int account = 0;

  /// The mask of the k-th requested row.
  const TokenMask* mask(std::size_t k) const {
    return masks.empty() ? nullptr : masks[masks.size() == 1 ? 0 : k];
  }
};

struct Row {
  double logprob = 0;          // log p(token k+1 | …) of row k < n; 0 for row n. -inf when masked
  double lz = 0, entropy = 0;  // nats, when asked for
  Token drawn = -1;            // kInverseCdf, kArgmax
  double drawn_logprob = 0;    // its lp (alpha = 1), nats
  std::vector<TokenProb> list;                                     // kList
  double next_logprob = -std::numeric_limits<double>::infinity();  // kList: the largest lp left out
  double mass_left = 0;       // kList: probability left out, in [0, 1]
  std::vector<float> logits;  // kRow: (n_vocab), masked ids -inf
  double log_normalizer = 0;  // kRow: lp = logits - log_normalizer
};

/// Work done. A token counts each time it is pushed through the network, no matter how many
/// requests share the pass. It is pushed again if its keys and values were evicted, or if a row is
/// wanted after a token that was only fed on the way to a later one.
struct Cost {
  std::int64_t tokens_decoded = 0;   // by requests of one token
  std::int64_t tokens_scored = 0;    // by longer requests, prompts included
  std::int64_t tokens_backward = 0;  // of gradients
  std::int64_t total() const { return tokens_decoded + tokens_scored + tokens_backward; }  // TFE
  Cost operator-(const Cost& o) const;
  Cost& operator+=(const Cost& o);
};

/// The results of a batch. A request that failed has no rows, an empty end, and its error; the
/// other requests are complete.
struct Rows {
  std::vector<Row> rows;             // all requests, in order
  std::vector<std::uint32_t> first;  // (n_requests + 1): request r has rows first[r] … first[r+1]-1
  std::vector<PrefixRef> end;        // (n_requests): the node after the last token
  // (n_requests): a token that two requests share is charged to the first
  std::vector<Cost> cost;
  std::vector<Status> status;  // (n_requests)
  std::span<const Row> of(std::size_t r) const {
    return {rows.data() + first[r], first[r + 1] - first[r]};
  }
  std::span<Row> of(std::size_t r) { return {rows.data() + first[r], first[r + 1] - first[r]}; }

  /// Resets to n requests without results: no rows, empty ends, no cost, no errors.
  void start(std::size_t n);
  /// Resets to n requests that all have this error, as after a pass that failed as a whole. Returns
  /// the error.
  Status fail(std::size_t n, const Error&);
  /// The error of the first failed request, or success.
  Status first_error() const;
  Cost total_cost() const;
};

struct SoftReply;  // gradient.h
struct Objective;
struct ReplyGradient;
struct GradientOptions;

/// Threads: one at a time, unless a class promises more.
class CausalDensity {
 public:
  virtual ~CausalDensity() = default;
  virtual int n_vocab() const = 0;
  virtual bool is_end(Token) const = 0;
  virtual const std::vector<Token>& end_tokens() const = 0;  // sorted
  virtual int n_ctx() const = 0;                             // most tokens from a root to a node

  /// One batched pass over all requests. A row depends on its prefix and mask alone, bit for bit,
  /// and not on the batch, the thread count, or how the tokens were cut into requests. A request
  /// that is itself invalid (a token or mask out of range, a dead prefix, too long) fails alone:
  /// the others are done, `out` has the result of each, and the first error is returned. A failure
  /// of the whole pass (no room, no memory, a row that is not finite, a spent budget) fails every
  /// request. The nodes of a failed request are released; the costs in `out` sum to the growth of
  /// cost(). Errors: kInvalid (token or handle out of range, more tokens than the context
  /// holds), kResource (memory, with the number needed), kNumeric, kCancelled.
  virtual Status extend(std::span<const Extend>, Rows& out) = 0;
  /// Value and gradient of the objective at each reply (gradient.h), many in one batch.
  /// Deterministic: the same bits for the same reply, whatever the batch, the thread count or the
  /// tape. Errors: kUnsupported unless the density is differentiable; kInvalid (weights that do not
  /// sum to one, ids out of range); kResource.
  virtual Status value_and_grad(std::span<const SoftReply>, const Objective&,
                                const GradientOptions&, std::vector<ReplyGradient>& out);
  virtual Cost cost() const = 0;

  // Only PrefixRef calls these functions; all other code holds PrefixRefs.
  /// Returns the node n_tokens above, retained for the caller.
  virtual Prefix ancestor(Prefix, int n_tokens) = 0;
  virtual int depth(Prefix) const = 0;  // tokens from the root
  virtual void retain(Prefix) = 0;
  virtual void release(Prefix) = 0;
};

inline PrefixRef PrefixRef::share(CausalDensity& d, Prefix p) {
  if (p != kNoPrefix) d.retain(p);
  return p == kNoPrefix ? PrefixRef() : PrefixRef(d, p);
}
inline PrefixRef::PrefixRef(const PrefixRef& o) : density_(o.density_), prefix_(o.prefix_) {
  if (density_) density_->retain(prefix_);
}
inline PrefixRef::~PrefixRef() {
  if (density_) density_->release(prefix_);
}
inline PrefixRef PrefixRef::ancestor(int n_tokens) const {
  return adopt(*density_, density_->ancestor(prefix_, n_tokens));
}
inline int PrefixRef::depth() const { return density_ ? density_->depth(prefix_) : 0; }

}  // namespace ponder
