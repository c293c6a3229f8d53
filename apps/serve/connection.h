// One client's connection: HTTP/1.1 requests one after another, each answered before the next is
// read. Notices a client that leaves while its answer is being made. Not what is answered
// (routes.h).
#pragma once

#include <utility>  // before Boost 1.74, which forgets it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>

#include "serve/exchange.h"
#include "serve/options.h"

namespace ponder::serve {

/// Must see to it that the exchange gets its answer, now or later.
using Handler = std::function<void(const std::shared_ptr<Exchange>&)>;

/// Runs until the client or the server closes the connection; over TLS, if there is a context. All
/// references and the context must outlive it.
boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket,
                                              boost::asio::ssl::context*, const ServeOptions&,
                                              const Handler&);

}  // namespace ponder::serve
