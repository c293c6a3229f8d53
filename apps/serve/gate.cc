// Gate: checks Host and Authorization.
#include "serve/gate.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace ponder::serve {
namespace {

namespace http = boost::beast::http;

// "[::1]:8080" to "::1", "localhost:8080" to "localhost".
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  return std::string(host.substr(0, host.rfind(':')));
}

// An address is no name that somebody else's DNS could point here.
bool host_may(std::string_view host, const ServeOptions& o) {
  const std::string name = host_name(host);
  boost::system::error_code no_address;
  boost::asio::ip::make_address(name, no_address);
  return !no_address || name == "localhost" ||
         std::find(o.hosts.begin(), o.hosts.end(), name) != o.hosts.end();
}

// In a time that does not depend on how much of a key is right.
bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool key_may(std::string_view authorization, const ServeOptions& o) {
  constexpr std::string_view kBearer = "Bearer ";
  if (o.keys.empty()) return true;
  if (!authorization.starts_with(kBearer)) return false;
  const auto key = authorization.substr(kBearer.size());
  bool known = false;
  for (const std::string& k : o.keys) known = same(k, key) || known;
  return known;
}

std::string_view field(const HttpRequest& r, http::field name) {
  const auto value = r.headers[name];
  return {value.data(), value.size()};
}

}  // namespace

std::optional<ApiError> refusal(const HttpRequest& r, const ServeOptions& o) {
  const auto host = field(r, http::field::host);
  if (!host_may(host, o))
    return api_error(403,
                     "expected an address or a name of this server as Host, got '" +
                         std::string(host.substr(0, 100)) +
                         "'; start the server with --allow-host NAME to serve that name",
                     "host_not_allowed");
  const bool open = r.path == "/health" || r.path == "/" || r.path.starts_with("/page/");
  if (!open && !key_may(field(r, http::field::authorization), o))
    return api_error(401, "expected \"Authorization: Bearer KEY\" with a key of this server",
                     "invalid_api_key");
  return std::nullopt;
}

}  // namespace ponder::serve
