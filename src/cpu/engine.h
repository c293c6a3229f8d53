// CpuEngine: the engine on this machine's processor: a Transformer, and the memory that one prefix
// tree needs. Not the passes (transformer.h), nor the reduction of rows (row_reduce.h) and
// objectives (objective.h).
#pragma once

#include "cpu/kv_store.h"
#include "cpu/objective.h"
#include "cpu/row_reduce.h"
#include "cpu/tape.h"
#include "cpu/transformer.h"
#include "model/engine.h"

namespace ponder {

class CpuEngine final : public Engine {
 public:
  CpuEngine(const Transformer& model, int n_slots);

  Status pass(const std::function<Status()>& work) override;
  Status forward(const ForwardBatch&, Keep) override;
  Status rows(std::span<const RowRequest>) override;
  Status objective(std::span<ObjectiveRow>, const Objective&) override;
  Status backward(const ForwardBatch&, std::span<const int> first_rows,
                  std::span<float> dx) override;
  Status embeddings(std::span<const TokenMix>, std::span<float> out) const override;
  Status slopes(std::span<const SlopeRequest>) const override;

 private:
  const Transformer& model_;
  KvStore kv_;
  RowReducer reducer_;
  ObjectiveSweep sweep_;
  Tape tape_;
  ForwardScratch scratch_;
  std::vector<float> dx_;  // (rows of the kept pass, n_embd): d/d hidden, later d/d input
};

}  // namespace ponder
