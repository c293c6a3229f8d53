// Language: the density of a Transformer over a tree of prefixes (language.cc), and its gradient (gradient.cc).
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/check.h"
#include "language/objective.h"
#include "language/row_reduce.h"
#include "model/prefix_tree.h"
#include "model/transformer.h"
#include "ponder/gradient.h"
#include "ponder/model.h"

namespace ponder {

class Language final : public LanguageDensity {
 public:
  Language(std::shared_ptr<const Transformer> model, std::vector<Token> end_tokens, int n_ctx, int n_slots)
      : model_(std::move(model)),
        end_tokens_(std::move(end_tokens)),
        n_ctx_(n_ctx),
        tree_(n_slots),
        kv_(model_->config(), model_->kernel(), n_slots),
        has_hidden_(n_slots),
        reducer_(*model_),
        sweep_(*model_) {}

  int n_vocab() const override { return model_->config().n_vocab; }
  bool is_end(Token v) const override { return std::binary_search(end_tokens_.begin(), end_tokens_.end(), v); }
  const std::vector<Token>& end_tokens() const override { return end_tokens_; }
  int n_ctx() const override { return n_ctx_; }
  Result<PrefixRef> add_context(std::span<const Token> prompt) override;

  Status extend(std::span<const Extend>, Rows& out) override;
  Status value_and_grad(std::span<const SoftReply>, const Objective&, const GradientOptions&,
                        std::vector<ReplyGradient>& out) override;
  Prefix ancestor(Prefix p, int n_tokens) override {
    for (; n_tokens > 0; --n_tokens) p = tree_.parent(p);
    PONDER_CHECK(tree_.alive(p));
    retain(p);
    return p;
  }
  int depth(Prefix p) const override { return tree_.length(p); }
  void retain(Prefix p) override { tree_.retain(p); }
  void release(Prefix p) override { tree_.release(p); }
  Cost cost() const override { return cost_; }
  int n_nodes() const { return tree_.n_nodes(); }  // alive, of all contexts

 private:
  // A prompt that was added. It does not keep its node alive, and another prefix may have taken the node's number
  // since.
  struct Context {
    Prefix root;
    std::vector<Token> tokens;
  };
  bool is_live(const Context&) const;
  Status check(const Extend&) const;
  Status check(const SoftReply&) const;
  Status room_error(std::size_t n) const;
  void add_row(Prefix);  // to batch_
  struct FedNode {
    Prefix node;
    bool hidden;  // its last hidden vector is wanted: it may be asked for a row
  };
  void feed(std::span<const FedNode> nodes);
  std::vector<FedNode> to_feed(std::span<const Prefix> missing, std::vector<Prefix> asked) const;
  Status grow_replies(std::span<const SoftReply>, std::vector<std::vector<Prefix>>& nodes);
  void grad_batch(std::span<const SoftReply>, const std::vector<std::vector<Prefix>>& nodes, std::size_t first,
                  const Objective&, const GradientOptions&, bool full, std::span<ReplyGradient> out);
  void add_embedding_terms(std::span<const SoftReply>, std::size_t first, const Objective&,
                           std::span<ReplyGradient> out) const;
  void finish(const SoftReply&, const GradientOptions&, ReplyGradient&) const;
  Status reduce(std::span<const Extend>, std::span<const std::vector<Prefix>> path, Rows& out);

  std::shared_ptr<const Transformer> model_;
  std::vector<Token> end_tokens_;
  int n_ctx_;
  PrefixTree tree_;
  KvStore kv_;
  std::vector<bool> has_hidden_;  // (n_slots) fed with the last hidden vector
  RowReducer reducer_;
  ObjectiveSweep sweep_;
  Tape tape_;
  ForwardScratch scratch_;
  ForwardBatch batch_;
  std::vector<Context> contexts_;
  Cost cost_;
};

}  // namespace ponder
