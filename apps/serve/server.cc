// The server: one I/O thread that accepts, reads and writes; jobs run on threads of Routes.
#include "serve/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "serve/connection.h"
#include "serve/routes.h"

namespace ponder::serve {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class Server {
 public:
  Server(const std::shared_ptr<SharedSession>& s, const ServeOptions& o,
         const std::atomic<bool>& stop)
      : options_(o),
        stop_(stop),
        io_(1),
        acceptor_(io_),
        timer_(io_),
        routes_(s, o),
        handler_([this](const std::shared_ptr<Exchange>& x) { routes_.handle(x); }) {}

  Status listen() {
    error_code e;
    PONDER_TRY(read_certificate());
    const auto address = asio::ip::make_address(options_.host, e);
    if (e)
      return Error{Code::kInvalid, "an address such as 127.0.0.1 or ::1", options_.host, "--host",
                   ""};
    const tcp::endpoint at(address, options_.port);
    acceptor_.open(at.protocol(), e);
    if (!e) acceptor_.set_option(tcp::acceptor::reuse_address(true), e);
    if (!e) acceptor_.bind(at, e);
    if (!e) acceptor_.listen(asio::socket_base::max_listen_connections, e);
    if (e)
      return Error{Code::kIo, "to listen at " + options_.host, e.message(),
                   "port " + std::to_string(options_.port), "choose another with --port"};
    return {};
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void run() {
    asio::co_spawn(io_, accept(), asio::detached);
    asio::co_spawn(io_, watch_stop(), asio::detached);
    io_.run();
    routes_.cancel_all();
    routes_.join();
  }

 private:
  Status read_certificate() {
    const auto& [certificate, key] = std::tie(options_.certificate_file, options_.private_key_file);
    if (certificate.empty() && key.empty()) return {};
    using Context = asio::ssl::context;
    tls_.emplace(Context::tls_server);
    tls_->set_options(Context::default_workarounds | Context::no_tlsv1 | Context::no_tlsv1_1);
    error_code e;
    tls_->use_certificate_chain_file(certificate, e);
    if (e)
      return Error{Code::kInvalid, "a certificate chain as PEM", e.message(), certificate,
                   "--tls-cert names it"};
    tls_->use_private_key_file(key, Context::pem, e);
    if (e)
      return Error{Code::kInvalid, "the private key of the certificate as PEM", e.message(), key,
                   "--tls-key names it"};
    return {};
  }

  asio::awaitable<void> accept() {
    for (;;) {
      error_code e;
      tcp::socket s = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, e));
      if (e == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
      if (e) {  // too many open files, for example: others may close theirs
        co_await pause(std::chrono::milliseconds(100));
        continue;
      }
      error_code ignored;
      s.set_option(tcp::no_delay(true), ignored);
      try {
        asio::co_spawn(io_,
                       serve_connection(std::move(s), tls_ ? &*tls_ : nullptr, options_, handler_),
                       asio::detached);
      } catch (const std::exception&) {  // for want of memory: this client is refused, others not
      }
    }
  }

  asio::awaitable<void> pause(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  // A signal handler may only set a flag.
  asio::awaitable<void> watch_stop() {
    constexpr std::chrono::milliseconds kOften{50};
    asio::steady_timer timer(io_);
    const auto wait = [&]() -> asio::awaitable<void> {
      timer.expires_after(kOften);
      error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    };
    while (!stop_) {
      routes_.expire();
      co_await wait();
    }
    error_code ignored;
    acceptor_.close(ignored);
    const auto end = std::chrono::steady_clock::now() + options_.drain;
    const auto busy = [&] { return routes_.running() + routes_.waiting() > 0; };
    while (busy() && std::chrono::steady_clock::now() < end) co_await wait();
    routes_.cancel_all();
    while (busy()) co_await wait();
    co_await wait();  // for the last bytes
    io_.stop();
  }

  const ServeOptions& options_;
  const std::atomic<bool>& stop_;
  asio::io_context io_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  std::optional<asio::ssl::context> tls_;
  Routes routes_;
  Handler handler_;
};

}  // namespace

Status run_server(const std::shared_ptr<SharedSession>& s, const ServeOptions& o,
                  const std::atomic<bool>& stop,
                  const std::function<void(std::uint16_t)>& on_listen) {
  Server server(s, o, stop);
  PONDER_TRY(server.listen());
  on_listen(server.port());
  server.run();
  return {};
}

}  // namespace ponder::serve
