// Exchange: one HTTP request and what goes back. Handlers run on any thread and call it; the
// connection takes what they give on its own thread. Not the protocol (connection.h).
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/fields.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ponder/openai.h"

namespace ponder::serve {

struct HttpRequest {
  std::string method, path, body;
  boost::beast::http::fields headers;
};

struct HttpReply {
  int status = 200;
  std::string body{};
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// Threads: any, but for next().
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Executor = boost::asio::any_io_executor;
  /// executor: of the connection, which runs on one thread.
  Exchange(const Executor& executor, HttpRequest r)
      : request_(std::move(r)), ready_(executor, boost::asio::steady_timer::time_point::max()) {}

  const HttpRequest& request() const { return request_; }
  /// Is set when whatever is worked on for this request should end.
  const std::atomic<bool>& stopped() const { return stopped_; }
  void stop() { stopped_ = true; }
  /// Stops the work for want of time. The client is told so, unless its answer has been sent.
  void expire() { stopped_ = expired_ = true; }
  bool has_expired() const { return expired_; }
  /// The client is not there any more, so nothing needs to be sent.
  void leave();
  bool has_left() const { return left_; }

  /// The whole answer. Must be called once, or else open_stream() and close_stream().
  void reply(HttpReply);
  /// Begins an answer of server-sent events, whose head is `r` without its body.
  void open_stream(HttpReply r);
  /// One event, with `data` on one line, a name, and a number above 0 if it has one. Returns false
  /// when the work should end, as stopped().
  bool event(const std::string& data, const std::string& name = "", std::int64_t id = 0);
  /// Is the client slow to read? It should get nothing that it can do without.
  bool is_behind();
  void close_stream();

  /// What is to be sent next, for the connection.
  struct Part {
    std::optional<HttpReply> head{};  // the first part
    std::string bytes{};              // of a stream
    bool last = false;
    bool streams = false;  // the head's body comes in parts
  };
  /// None yet: wait on ready(), unless the client has left.
  std::optional<Part> next();
  boost::asio::steady_timer& ready() { return ready_; }

 private:
  void push(Part);
  void wake();

  HttpRequest request_;
  std::atomic<bool> stopped_{false}, expired_{false}, left_{false};
  std::mutex mutex_;
  std::deque<Part> parts_;
  std::size_t waiting_bytes_ = 0;
  boost::asio::steady_timer ready_;
};

/// What a client is told of work that failed: its time was over, it was stopped, or the error.
ApiError failure(const Error&, const Exchange&);

}  // namespace ponder::serve
