// CallerDensity: one caller's view of a shared density. It queues each request and waits for the
// result. Node numbers are those of the shared density; references are its own.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "density/pass_engine.h"
#include "law/forwarding.h"

namespace ponder {

/// Threads: one at a time.
class CallerDensity final : public ForwardingDensity<LanguageDensity> {
 public:
  CallerDensity(std::shared_ptr<PassEngine>, const CallerOptions&);
  ~CallerDensity() override { engine_->leave(caller_); }
  CallerDensity(const CallerDensity&) = delete;
  CallerDensity& operator=(const CallerDensity&) = delete;

  PrefixRef shared_context(std::span<const Token> prompt) override;
  void remember_context(const PrefixRef& p, std::span<const Token> prompt) override {
    density_.remember_context(p, prompt);
  }
  Status extend(std::span<const Extend>, Rows& out) override;
  Status value_and_grad(std::span<const SoftReply>, const Objective&, const GradientOptions&,
                        std::vector<ReplyGradient>& out) override;
  Cost cost() const override { return cost_; }

 private:
  Status noted(Status);

  std::shared_ptr<PassEngine> engine_;
  PassCaller caller_;
  std::atomic<bool>* failed_;
  Cost cost_;
};

}  // namespace ponder
