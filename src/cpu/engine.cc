// CpuEngine: forwards each call of the Engine interface to the part that does it.
#include "cpu/engine.h"

#include <algorithm>

#include "base/check.h"
#include "base/parallel.h"

namespace ponder {
namespace {

EngineSizes sizes_of(const Transformer& m) {
  const auto row = [&m](bool full) {
    return Tape::bytes(m.config(), m.kernel().compute, kRowBlock, full) / kRowBlock;
  };
  return {.pass_rows = Transformer::kMaxRows,
          .row_block = kRowBlock,
          .kept_stream = row(false),
          .kept_all = row(true)};
}

}  // namespace

CpuEngine::CpuEngine(const Transformer& model, int n_slots)
    : Engine(sizes_of(model)),
      model_(model),
      kv_(model.config(), model.kernel(), n_slots),
      reducer_(model, kv_),
      sweep_(model, kv_) {}

// The parallel region keeps its threads awake between the calls within work().
Status CpuEngine::pass(const std::function<Status()>& work) {
  Status status;
  parallel_region(model_.info().n_threads, [&] { status = work(); });
  return status;
}

Status CpuEngine::forward(const ForwardBatch& b, Keep keep) {
  if (keep == Keep::kNothing) {
    model_.forward(b, kv_, scratch_);
    return {};
  }
  tape_.prepare(model_.config(), model_.kernel().compute, b.n(), keep == Keep::kAll);
  model_.forward(b, kv_, scratch_, tape_);
  dx_.assign(static_cast<std::size_t>(b.n()) * model_.config().n_embd, 0.f);
  return {};
}

Status CpuEngine::rows(std::span<const RowRequest> requests) { return reducer_.run(requests); }

Status CpuEngine::objective(std::span<ObjectiveRow> rows, const Objective& o) {
  sweep_.run(rows, o, dx_);
  return {};
}

Status CpuEngine::backward(const ForwardBatch& b, std::span<const int> first_rows,
                           std::span<float> dx) {
  PONDER_CHECK(dx.size() == dx_.size());
  model_.backward(b, first_rows, kv_, tape_, scratch_, dx_.data());
  std::copy(dx_.begin(), dx_.end(), dx.begin());
  return {};
}

Status CpuEngine::embeddings(std::span<const TokenMix> mixes, std::span<float> out) const {
  model_.embeddings(mixes, out);
  return {};
}

Status CpuEngine::slopes(std::span<const SlopeRequest> requests) const {
  for (const SlopeRequest& r : requests) model_.slopes(r);
  return {};
}

}  // namespace ponder
