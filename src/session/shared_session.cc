// SharedSession: opens the model once, and makes its callers' sessions.
#include "ponder/shared_session.h"

#include <algorithm>
#include <mutex>

#include "session/open_exact.h"
#include "session/outside_parts.h"

namespace ponder {

struct SharedSession::State {
  std::shared_ptr<const TextModel> text;
  SessionOptions options;
  SharedOptions shared;
  std::shared_ptr<const Model> model;
  std::unique_ptr<SharedDensity> density;
  int n_ctx = 0;
  std::mutex mutex;
  std::shared_ptr<SharedSession> exact;  // in f32, for all callers; opened when one needs it
};

SharedSession::SharedSession(std::shared_ptr<State> s) : state_(std::move(s)) {}
SharedSession::~SharedSession() = default;

Result<std::shared_ptr<SharedSession>> SharedSession::open(std::shared_ptr<const TextModel> text,
                                                           const SessionOptions& o,
                                                           const SharedOptions& shared) {
  PONDER_ASSIGN(auto model, Model::load(text->shared_file(), o.model));
  return with_density(std::move(text), o, shared, std::move(model));
}

Result<std::shared_ptr<SharedSession>> SharedSession::over(std::shared_ptr<LogitSource> source,
                                                           const TextModel& vocabulary,
                                                           const SessionOptions& o,
                                                           const SharedOptions& shared) {
  PONDER_ASSIGN(OutsideParts parts, outside_parts(std::move(source), vocabulary));
  return with_density(std::move(parts.text), o, shared, std::move(parts.model));
}

Result<std::shared_ptr<SharedSession>> SharedSession::with_density(
    std::shared_ptr<const TextModel> text, const SessionOptions& o, const SharedOptions& shared,
    std::shared_ptr<const Model> model) {
  auto s = std::make_shared<State>();
  s->model = std::move(model);
  const DensityOptions d = Session::density_options(*text, *s->model, o);
  PONDER_ASSIGN(s->density, SharedDensity::make(s->model, d, shared));
  s->text = std::move(text);
  s->options = o;
  s->shared = shared;
  s->n_ctx = d.n_ctx;
  return std::shared_ptr<SharedSession>(new SharedSession(std::move(s)));
}

const TextModel& SharedSession::text() const { return *state_->text; }
const std::shared_ptr<const TextModel>& SharedSession::shared_text() const { return state_->text; }
const ModelInfo& SharedSession::info() const { return state_->model->info(); }
int SharedSession::n_ctx() const { return state_->n_ctx; }
Cost SharedSession::cost() const { return state_->density->cost(); }
SharedStats SharedSession::stats() const { return state_->density->stats(); }

std::unique_ptr<Session> SharedSession::caller(const std::atomic<bool>* stop,
                                               std::atomic<bool>* failed) {
  std::unique_ptr<Session> s(
      new Session(state_->text, state_->options, state_->model,
                  state_->density->caller({.stop = stop, .failed = failed})));
  s->open_exact_ = [state = state_, stop]() -> Result<std::unique_ptr<Session>> {
    const std::scoped_lock lock(state->mutex);
    if (!state->exact) {
      PONDER_ASSIGN(state->exact, open_exact(state->options, [&](const SessionOptions& o) {
                      return SharedSession::open(state->text, o, state->shared);
                    }));
    }
    return state->exact->caller(stop);
  };
  return s;
}

}  // namespace ponder
