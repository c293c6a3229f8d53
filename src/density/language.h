// Language: the density of a model over a prefix tree (language.cc; contexts in contexts.cc) and
// its gradient (gradient.cc). It decides which prefix has which slot, and what to ask the engine
// for. Not the numbers, which the engine holds (model/engine.h), nor the merging of passes of
// several callers (shared_density.cc).
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "model/engine.h"
#include "model/prefix_tree.h"
#include "ponder/density/gradient.h"
#include "ponder/model/model.h"

namespace ponder {

/// Threads: any number at once. A pass holds pass_mutex_ from its begin to its end, but tree_mutex_
/// only while it takes and returns nodes and slots. In between it reads the tree without a lock,
/// but only the token, length, slot and run of the nodes of its batch and of their ancestors. These
/// nodes stay alive, since the requests' parents and the pass hold references. Other threads
/// meanwhile only change reference counts and nodes without references, and only a pass makes the
/// array of nodes grow.
class Language final : public LanguageDensity {
 public:
  /// The engine must be made by the model, with n_slots slots.
  Language(std::shared_ptr<const Model> model, std::unique_ptr<Engine> engine,
           std::vector<Token> end_tokens, int n_ctx, int n_slots)
      : model_(std::move(model)),
        end_tokens_(std::move(end_tokens)),
        n_ctx_(n_ctx),
        tree_(n_slots),
        engine_(std::move(engine)),
        has_hidden_(n_slots) {}

  int n_vocab() const override { return model_->info().n_vocab; }
  bool is_end(Token v) const override {
    return std::binary_search(end_tokens_.begin(), end_tokens_.end(), v);
  }
  const std::vector<Token>& end_tokens() const override { return end_tokens_; }
  int n_ctx() const override { return n_ctx_; }
  PrefixRef shared_context(std::span<const Token> prompt) override;
  void remember_context(const PrefixRef&, std::span<const Token> prompt) override;

  Status extend(std::span<const Extend>, Rows& out) override;
  Status value_and_grad(std::span<const SoftReply>, const Objective&, const GradientOptions&,
                        std::vector<ReplyGradient>& out) override;
  Prefix ancestor(Prefix p, int n_tokens) override {
    const std::lock_guard lock(tree_mutex_);
    return held_ancestor(p, n_tokens);
  }
  int depth(Prefix p) const override {
    const std::lock_guard lock(tree_mutex_);
    return tree_.alive(p) ? tree_.length(p) : 0;
  }
  void retain(Prefix p) override {
    const std::lock_guard lock(tree_mutex_);
    tree_.retain(p);
  }
  void release(Prefix p) override {
    const std::lock_guard lock(tree_mutex_);
    tree_.release(p);
  }
  Cost cost() const override {
    const std::lock_guard lock(tree_mutex_);
    return cost_;
  }
  int n_nodes() const {  // number of live nodes of all contexts
    const std::lock_guard lock(tree_mutex_);
    return tree_.n_nodes();
  }

 private:
  // A prompt that was added. It holds no reference to its node, so another prefix may have got the
  // node's number since then.
  struct Context {
    Prefix root;
    std::vector<Token> tokens;
  };
  struct FedNode {
    Prefix node;
    bool hidden;  // the last hidden vector is wanted, since a row may be asked for
  };
  // The nodes that one pass works on.
  struct Pass {
    // nodes that need slots, parents first: evicted ancestors, then new ones
    std::vector<Prefix> fresh;
    std::vector<FedNode> fed;
    std::vector<std::vector<Prefix>>
        path;  // (n_requests) the parent and the new nodes; empty: the request is invalid
  };
  // Releases the nodes of a gradient, even if a caller's term throws.
  struct ReleasedNodes {
    ~ReleasedNodes();
    Language& d;
    std::vector<std::vector<Prefix>>& nodes;
  };
  // The caller must hold the lock of the tree. Copying or destroying a PrefixRef takes that lock,
  // so these functions do neither.
  Status check_alive(Prefix parent, const char* where) const;
  Prefix held_ancestor(Prefix, int n_tokens);
  bool is_live(const Context&) const;
  Status check(const Extend&) const;
  Status check(const SoftReply&) const;
  Status begin_pass(std::span<const Extend>, Pass&, Rows& out);
  void charge_again(std::span<const Extend>, const Pass&, std::size_t n_resident, Rows& out) const;
  void forget(std::span<const Prefix> fresh);
  Status end_pass(std::span<const Extend>, const Pass&, const Status&, Rows& out);
  Status take_nodes(std::span<const SoftReply>, std::vector<std::vector<Prefix>>& nodes,
                    std::vector<Prefix>& missing, std::vector<FedNode>& again);
  std::vector<FedNode> to_feed(std::span<const Prefix> missing, std::vector<Prefix> asked) const;
  Status too_few_slots(std::size_t n) const;
  // Called within a pass, without the lock of the tree:
  void add_row(Prefix);  // appends the node's row to batch_
  Status feed(std::span<const FedNode> nodes);
  Status reduce(std::span<const Extend>, const Pass&, Rows& out);
  Status grow_replies(std::span<const SoftReply>, std::vector<std::vector<Prefix>>& nodes);
  Status grad_batch(std::span<const SoftReply>, const std::vector<std::vector<Prefix>>& nodes,
                    std::size_t first, const Objective&, const GradientOptions&, Keep,
                    std::span<ReplyGradient> out);
  std::vector<int> add_replies(std::span<const SoftReply>,
                               const std::vector<std::vector<Prefix>>& nodes);
  void add_objective_rows(const SoftReply&, std::size_t number, const std::vector<Prefix>& nodes,
                          int first_row, float* direct, std::vector<ObjectiveRow>& rows) const;
  Status add_embedding_terms(std::span<const SoftReply>, std::size_t first, const Objective&,
                             std::span<ReplyGradient> out) const;
  Status add_slopes(std::span<const SoftReply>, const GradientOptions&,
                    std::span<ReplyGradient> out) const;
  void spend(const Cost&);

  std::shared_ptr<const Model> model_;  // must outlive its engine
  std::vector<Token> end_tokens_;
  int n_ctx_;

  mutable std::mutex tree_mutex_;
  PrefixTree tree_;
  std::vector<Context> contexts_;
  Cost cost_;

  std::mutex pass_mutex_;  // locked before tree_mutex_
  std::unique_ptr<Engine> engine_;
  std::vector<bool> has_hidden_;  // (n_slots) the slot's last hidden vector was written
  ForwardBatch batch_;
};

}  // namespace ponder
