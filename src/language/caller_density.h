// CallerDensity: one caller's view of a density that it shares. It queues what is asked and waits; numbers of nodes are
// those of the density below, references are its own.
#pragma once

#include <memory>
#include <vector>

#include "language/pass_engine.h"

namespace ponder {

/// Threads: one at a time.
class CallerDensity final : public LanguageDensity {
 public:
  CallerDensity(std::shared_ptr<PassEngine>, const CallerOptions&);
  ~CallerDensity() override { engine_->leave(caller_); }
  CallerDensity(const CallerDensity&) = delete;
  CallerDensity& operator=(const CallerDensity&) = delete;

  int n_vocab() const override { return density_.n_vocab(); }
  bool is_end(Token v) const override { return density_.is_end(v); }
  const std::vector<Token>& end_tokens() const override { return density_.end_tokens(); }
  int n_ctx() const override { return density_.n_ctx(); }
  PrefixRef shared_context(std::span<const Token> prompt) override;
  void remember_context(const PrefixRef& p, std::span<const Token> prompt) override {
    density_.remember_context(p, prompt);
  }
  Status extend(std::span<const Extend>, Rows& out) override;
  Status value_and_grad(std::span<const SoftReply>, const Objective&, const GradientOptions&,
                        std::vector<ReplyGradient>& out) override;
  Prefix ancestor(Prefix p, int n_tokens) override { return density_.ancestor(p, n_tokens); }
  int depth(Prefix p) const override { return density_.depth(p); }
  void retain(Prefix p) override { density_.retain(p); }
  void release(Prefix p) override { density_.release(p); }
  Cost cost() const override { return cost_; }

 private:
  std::shared_ptr<PassEngine> engine_;
  LanguageDensity& density_;
  PassCaller caller_;
  Cost cost_;
};

}  // namespace ponder
