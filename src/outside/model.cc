// A Model whose engine asks a LogitSource.
#include <algorithm>

#include "base/memory.h"
#include "outside/engine.h"
#include "outside/outside.h"
#include "ponder/core/machine.h"

namespace ponder {
namespace {

class OutsideModel final : public EngineModel {
 public:
  OutsideModel(std::shared_ptr<LogitSource> s, int n_threads)
      : source_(std::move(s)), n_threads_(n_threads) {}
  std::int64_t free_bytes() const override {
    return source_->free_bytes() >= 0 ? source_->free_bytes() : available_memory();
  }
  Result<std::unique_ptr<Engine>> engine(int n_slots) const override {
    PONDER_TRY(source_->start(n_slots));
    return std::unique_ptr<Engine>(std::make_unique<OutsideEngine>(*source_, n_slots, n_threads_));
  }

 private:
  std::shared_ptr<LogitSource> source_;
  int n_threads_;
};

}  // namespace

Result<std::shared_ptr<const Model>> outside_model(std::shared_ptr<const GgufFile> file,
                                                   std::shared_ptr<LogitSource> source,
                                                   int n_vocab) {
  if (source->n_vocab() != n_vocab)
    return Error{Code::kInvalid, "logits of " + std::to_string(n_vocab) + " tokens",
                 std::to_string(source->n_vocab()), file->path(),
                 "give the vocabulary that the model was trained with"};
  if (source->n_ctx() < 2)
    return Error{Code::kInvalid, "a context of at least 2 tokens", std::to_string(source->n_ctx()),
                 file->path(), ""};
  if (source->n_embd() < 0 || !(source->drift() >= 0))
    return Error{Code::kInvalid, "a width and a drift of at least 0",
                 std::to_string(source->n_embd()) + " and " + std::to_string(source->drift()),
                 file->path(), ""};
  ModelInfo info;
  info.architecture = "outside";
  info.outside = true;
  info.name = source->name();
  info.n_vocab = n_vocab;
  info.n_embd = source->n_embd();
  info.n_ctx_train = source->n_ctx();
  info.n_ctx_is_limit = true;
  info.kv_bytes_per_token = std::max<std::int64_t>(source->slot_bytes(), 1);
  info.precision = Precision::kF32;
  info.drift = source->drift();
  info.n_threads = available_threads();
  info.isa = "outside";
  auto model = std::make_shared<const OutsideModel>(std::move(source), info.n_threads);
  return std::make_shared<const Model>(std::move(file), std::move(info), std::move(model));
}

}  // namespace ponder
