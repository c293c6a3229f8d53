// OutsideEngine: the engine of a model whose logits come from a LogitSource. It remembers the
// tokens of the slots, and reduces whole rows on this machine. The objective on rows: objective.h.
#pragma once

#include <vector>

#include "model/engine.h"
#include "ponder/model/logit_source.h"

namespace ponder {

class OutsideEngine final : public Engine {
 public:
  /// The source must outlive the engine.
  OutsideEngine(LogitSource&, int n_slots, int n_threads);

  Status pass(const std::function<Status()>& work) override { return work(); }
  Status forward(const ForwardBatch&, Keep) override;
  Status rows(std::span<const RowRequest>) override;
  Status objective(std::span<ObjectiveRow>, const Objective&) override;
  Status backward(const ForwardBatch&, std::span<const int> first_rows,
                  std::span<float> dx) override;
  Status embeddings(std::span<const TokenMix>, std::span<float> out) const override;
  Status slopes(std::span<const SlopeRequest>) const override;

 private:
  struct Fed {
    int parent = -1;
    Token token = -1;
  };
  std::size_t n_vocab() const { return static_cast<std::size_t>(source_.n_vocab()); }
  std::size_t n_embd() const { return static_cast<std::size_t>(source_.n_embd()); }
  std::vector<Token> tokens_to(int slot) const;  // of the slot's prefix
  std::span<float> row_of(std::vector<float>& of, std::int64_t i) const {
    return std::span(of).subspan(static_cast<std::size_t>(i) * n_vocab(), n_vocab());
  }
  template <class R, class F>
  Status for_rows(std::span<R>, const F& fn);
  // Asks for the logits after the slots, (n, n_vocab), each finite or -inf.
  Status ask(std::span<const int> slots, std::span<float> out);
  Status load_table() const;

  LogitSource& source_;
  int n_threads_;
  std::vector<Fed> fed_;              // (n_slots)
  std::vector<float> dlogits_;        // (rows of the kept pass, n_vocab)
  mutable std::vector<float> table_;  // (n_vocab, n_embd), once it was asked for
};

}  // namespace ponder
