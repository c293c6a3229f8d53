// Connection: Beast reads and writes, in the clear or through TLS; every wait has a time limit.
#include "serve/connection.h"

#include <poll.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "ponder/openai.h"

namespace ponder::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

auto into(error_code& e) { return asio::redirect_error(asio::use_awaitable, e); }

// Has the client closed its end, whatever else it sent before?
bool client_closed(asio::ip::tcp::socket& s) {
  pollfd p{.fd = s.native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&p, 1, 0) > 0;
}

using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;

// Stream: Plain or Secure.
template <class Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <class... TlsContext>
  Connection(asio::ip::tcp::socket s, const ServeOptions& o, const Handler& h, TlsContext&... tls)
      : stream_(std::move(s), tls...), pause_(stream_.get_executor()), options_(o), handler_(h) {}

  // The coroutine keeps its connection.
  static asio::awaitable<void> run(std::shared_ptr<Connection> self) {
    // By itself: GCC 12 destroys `self` too early where the condition of an if awaits it.
    const bool is_open = co_await self->open();
    if (is_open) co_await self->serve();
    co_await self->close();
  }

 private:
  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

  asio::awaitable<bool> open() {
    if constexpr (std::is_same_v<Stream, Secure>) {
      error_code e;
      tcp().expires_after(options_.idle);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, into(e));
      co_return !e;
    }
    co_return true;
  }

  asio::awaitable<void> close() {
    error_code ignored;
    if constexpr (std::is_same_v<Stream, Secure>) {
      constexpr std::chrono::seconds kFarewell{2};
      tcp().expires_after(kFarewell);
      co_await stream_.async_shutdown(into(ignored));
    }
    tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }

  asio::awaitable<void> serve() {
    while (co_await read()) {
      auto request = parser_->release();
      keep_ = request.keep_alive();
      version_ = request.version();
      exchange_ = std::make_shared<Exchange>(
          stream_.get_executor(),
          HttpRequest{std::string(request.method_string()), path_of(std::string(request.target())),
                      std::move(request.body()), std::move(request.base())});
      asio::co_spawn(stream_.get_executor(), watch(this->shared_from_this(), exchange_),
                     asio::detached);
      handler_(exchange_);
      const bool sent = co_await send();
      exchange_->leave();
      error_code ignored;
      tcp().socket().cancel(ignored);  // ends the watch
      pause_.cancel();
      if (!sent || !keep_) break;
    }
  }

  static std::string path_of(const std::string& target) {
    return target.substr(0, target.find('?'));
  }

  // Reads a request. Answers one that cannot be read.
  asio::awaitable<bool> read() {
    parser_.emplace();
    parser_->body_limit(options_.body_bytes);
    error_code e;
    tcp().expires_after(options_.idle);
    co_await http::async_read_header(stream_, buffer_, *parser_, into(e));
    if (!e && parser_->get()[http::field::expect] == "100-continue") {
      http::response<http::empty_body> go(http::status::continue_, parser_->get().version());
      co_await http::async_write(stream_, go, into(e));
    }
    if (!e) co_await http::async_read(stream_, buffer_, *parser_, into(e));
    if (!e) co_return true;
    if (e == http::error::body_limit) {
      co_await refuse(413, "a body of at most " + std::to_string(options_.body_bytes) + " bytes");
    } else if (e == beast::error::timeout) {
      // an idle connection, which ends without a word
    } else if (e.category() == make_error_code(http::error::bad_method).category() &&
               e != http::error::end_of_stream && e != http::error::partial_message) {
      co_await refuse(400, "an HTTP/1.1 request: " + e.message());
    }
    co_return false;
  }

  asio::awaitable<void> refuse(int status, const std::string& expected) {
    version_ = 11;
    keep_ = false;
    const ApiError a = api_error(status, "expected " + expected, "");
    error_code e;
    auto r = head({.status = a.status});
    r.body() = a.body;
    r.prepare_payload();
    tcp().expires_after(options_.idle);
    co_await http::async_write(stream_, r, into(e));
  }

  // Marks the exchange when the client closes its connection. While bytes lie there that nobody
  // reads yet (the next request, or the farewell of TLS), the socket is always ready: then it is
  // asked now and then.
  static asio::awaitable<void> watch(std::shared_ptr<Connection> self,
                                     std::shared_ptr<Exchange> x) {
    constexpr std::chrono::milliseconds kNowAndThen{100};
    asio::ip::tcp::socket& s = self->tcp().socket();
    error_code e;
    for (;;) {
      co_await s.async_wait(asio::ip::tcp::socket::wait_read, into(e));
      if (e || x->has_left()) co_return;
      if (client_closed(s)) co_return x->leave();
      self->pause_.expires_after(kNowAndThen);
      co_await self->pause_.async_wait(into(e));
      if (x->has_left()) co_return;
    }
  }

  http::response<http::string_body> head(const HttpReply& reply) const {
    http::response<http::string_body> r(static_cast<http::status>(reply.status), version_);
    r.set(http::field::server, "ponder");
    r.set(http::field::content_type, reply.type);
    r.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : reply.headers) r.set(name, value);
    r.keep_alive(keep_);
    return r;
  }

  // The next part of the answer; none once the client has left.
  asio::awaitable<std::optional<Exchange::Part>> next() {
    for (;;) {
      if (auto part = exchange_->next()) co_return part;
      if (exchange_->has_left()) co_return std::nullopt;
      exchange_->ready().expires_at(asio::steady_timer::time_point::max());
      error_code woken;
      co_await exchange_->ready().async_wait(into(woken));
    }
  }

  asio::awaitable<bool> send() {
    const std::optional<Exchange::Part> first = co_await next();
    if (!first) co_return false;
    auto r = head(*first->head);
    if (first->streams) co_return co_await send_stream(std::move(r));
    r.body() = first->head->body;
    r.prepare_payload();
    if (exchange_->request().method == "HEAD") r.body().clear();
    error_code e;
    tcp().expires_after(options_.idle);
    co_await http::async_write(stream_, r, into(e));
    co_return !e;
  }

  asio::awaitable<bool> send_stream(http::response<http::string_body> whole) {
    http::response<http::empty_body> r(std::move(whole.base()));
    const bool chunked = version_ >= 11;
    r.chunked(chunked);
    keep_ = keep_ && chunked;  // the end of the connection is the end of the body otherwise
    r.keep_alive(keep_);
    http::response_serializer<http::empty_body> serializer(r);
    error_code e;
    tcp().expires_after(options_.idle);
    co_await http::async_write_header(stream_, serializer, into(e));
    if (exchange_->request().method == "HEAD") co_return false;
    while (!e) {
      const std::optional<Exchange::Part> part = co_await next();
      if (!part) co_return false;
      tcp().expires_after(options_.idle);
      if (!part->bytes.empty() && chunked)
        co_await asio::async_write(stream_, http::make_chunk(asio::buffer(part->bytes)), into(e));
      else if (!part->bytes.empty())
        co_await asio::async_write(stream_, asio::buffer(part->bytes), into(e));
      if (part->last && chunked && !e)
        co_await asio::async_write(stream_, http::make_chunk_last(), into(e));
      if (part->last) break;
    }
    co_return !e;
  }

  Stream stream_;
  asio::steady_timer pause_;  // of the watch
  const ServeOptions& options_;
  const Handler& handler_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::shared_ptr<Exchange> exchange_;
  bool keep_ = true;
  unsigned version_ = 11;
};

}  // namespace

asio::awaitable<void> serve_connection(asio::ip::tcp::socket s, asio::ssl::context* tls,
                                       const ServeOptions& o, const Handler& h) {
  if (tls)
    return Connection<Secure>::run(std::make_shared<Connection<Secure>>(std::move(s), o, h, *tls));
  return Connection<Plain>::run(std::make_shared<Connection<Plain>>(std::move(s), o, h));
}

}  // namespace ponder::serve
