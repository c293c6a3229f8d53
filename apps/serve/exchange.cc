// Exchange: the parts of an answer between the thread that makes them and the thread that sends
// them.
#include "serve/exchange.h"

#include <boost/asio/post.hpp>

namespace ponder::serve {
namespace {

// A client that does not read holds at most so much; then it counts as gone.
constexpr std::size_t kMostWaiting = std::size_t{8} << 20;
// More than any one event of progress, and less than a connection holds by itself.
constexpr std::size_t kBehind = std::size_t{16} << 10;

}  // namespace

void Exchange::push(Part p) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_bytes_ += p.bytes.size();
    if (waiting_bytes_ > kMostWaiting) stopped_ = left_ = true;
    parts_.push_back(std::move(p));
  }
  wake();
}

void Exchange::wake() {
  boost::asio::post(ready_.get_executor(), [self = shared_from_this()] { self->ready_.cancel(); });
}

void Exchange::leave() {
  stopped_ = left_ = true;
  wake();
}

void Exchange::reply(HttpReply r) { push({.head = std::move(r), .last = true}); }

void Exchange::open_stream(HttpReply r) {
  r.type = "text/event-stream";
  r.headers.emplace_back("Cache-Control", "no-cache");
  push({.head = std::move(r), .streams = true});
}

bool Exchange::event(const std::string& data, const std::string& name, std::int64_t id) {
  std::string bytes;
  if (id > 0) bytes += "id: " + std::to_string(id) + "\n";
  if (!name.empty()) bytes += "event: " + name + "\n";
  push({.bytes = bytes + "data: " + data + "\n\n"});
  return !stopped_;
}

bool Exchange::is_behind() {
  const std::scoped_lock lock(mutex_);
  return waiting_bytes_ > kBehind;
}

void Exchange::close_stream() { push({.last = true}); }

std::optional<Exchange::Part> Exchange::next() {
  const std::scoped_lock lock(mutex_);
  if (parts_.empty()) return std::nullopt;
  Part p = std::move(parts_.front());
  parts_.pop_front();
  waiting_bytes_ -= p.bytes.size();
  return p;
}

// A client that left is no failure; 499 is what others call it.
ApiError failure(const Error& e, const Exchange& x) {
  if (x.has_expired())
    return api_error(503,
                     "expected to finish within this server's --time-limit, got no answer by then; "
                     "ask for less at once",
                     "time_limit");
  if (e.code == Code::kCancelled) return api_error(499, e.message(), "cancelled");
  return api_error(e);
}

}  // namespace ponder::serve
