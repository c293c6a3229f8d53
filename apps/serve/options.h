// What a server is told when it starts. Values only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ponder::serve {

struct ServeOptions {
  std::string host = "127.0.0.1";    // address to listen at
  std::uint16_t port = 8080;         // 0: any that is free
  std::string model{};               // name in answers
  std::vector<std::string> keys{};   // of which a request must show one; empty: none is needed
  std::vector<std::string> hosts{};  // further names that Host may have, besides addresses
  int jobs = 32;                     // requests that are worked on at the same time
  int queue = 256;                   // requests that wait for it
  std::size_t body_bytes = std::size_t{16} << 20;
  // Seconds of a request's work, after which it ends with what there is; 0: no limit.
  double time_limit = 0;
  std::string certificate_file{}, private_key_file{};  // PEM, of TLS; empty: plain HTTP
  std::chrono::seconds idle{60};   // for the next bytes of a client, in both directions
  std::chrono::seconds drain{30};  // for what runs when the server is told to stop
};

}  // namespace ponder::serve
