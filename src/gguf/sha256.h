// SHA-256 of bytes that come in parts. Not a signature.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace ponder {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::span<const std::byte>);
  /// The hash in lower-case hex; nothing can be added afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ponder
