// Thinking: events, who watches, and the search's callbacks.
#include "serve/thinking.h"

#include <algorithm>

#include "ponder/wire.h"

namespace ponder::serve {
namespace {

using Clock = std::chrono::steady_clock;

// How long a search goes on that nobody watches: a client that lost its connection comes back.
constexpr std::chrono::seconds kGrace{15};
constexpr std::size_t kMostKept = 64;  // searches

}  // namespace

void Thinking::publish(const std::string& name, const std::string& data, bool kept) {
  const std::scoped_lock lock(mutex_);
  const Event e{next_++, name, data};
  std::erase_if(watchers_, [&](const auto& x) {
    if (kept || !x->is_behind()) x->event(e.data, e.name, e.id);
    return x->has_left();
  });
  if (kept) events_.push_back(e);
  if (!watchers_.empty()) seen_ = Clock::now();
}

void Thinking::end() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  for (const auto& x : watchers_) x->close_stream();
  watchers_.clear();
}

bool Thinking::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

void Thinking::watch(const std::shared_ptr<Exchange>& x, std::int64_t last) {
  const std::scoped_lock lock(mutex_);
  x->open_stream({.headers = {{"X-Think-Id", id_}}});
  for (const Event& e : events_)
    if (e.id > last) x->event(e.data, e.name, e.id);
  seen_ = Clock::now();
  if (ended_) return x->close_stream();
  watchers_.push_back(x);
}

void Thinking::cancel_if_abandoned() {
  const std::scoped_lock lock(mutex_);
  std::erase_if(watchers_, [](const auto& x) { return x->has_left(); });
  for (const auto& x : watchers_)
    if (x->has_expired()) cancel = true;
  if (!watchers_.empty()) seen_ = Clock::now();
  if (Clock::now() - seen_ > kGrace) cancel = true;
}

std::shared_ptr<Thinking> ThinkStore::add(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  // Those that have ended go first; what runs is never dropped.
  for (auto t = all_.begin(); t != all_.end() && all_.size() >= kMostKept;)
    t = (*t)->ended() ? all_.erase(t) : t + 1;
  return all_.emplace_back(std::make_shared<Thinking>(id));
}

std::shared_ptr<Thinking> ThinkStore::find(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto t =
      std::find_if(all_.begin(), all_.end(), [&](const auto& x) { return x->id() == id; });
  return t == all_.end() ? nullptr : *t;
}

void ThinkStore::erase(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(all_, [&](const auto& x) { return x->id() == id; });
}

void ThinkStore::cancel_all() {
  const std::scoped_lock lock(mutex_);
  for (const auto& t : all_) t->cancel = true;
}

Result<std::string> think_aloud(SharedSession& shared, ThinkRequest r, Thinking& t,
                                const std::atomic<bool>& stop, const Exchange& x) {
  const auto session = shared.caller(&stop);
  ThinkTeller teller(shared.shared_text(), [&t](const std::string& name, const std::string& data) {
    t.cancel_if_abandoned();
    t.publish(name, data, name != "progress");
  });
  teller.listen(r);
  r.budget.stop = &t.finish;
  const auto a = session->think(r);
  if (!a.ok()) {
    t.publish("error", failure(a.error(), x).body);
    t.end();
    return a.error();
  }
  std::string record = teller.done(*a);
  t.end();
  return record;
}

}  // namespace ponder::serve
