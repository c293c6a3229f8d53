// Failure: the reason why a template could not be parsed or run, thrown only inside this folder and
// caught in chat.cc. Budget: the remaining work and memory of an untrusted template.
#pragma once

#include <string>
#include <utility>

#include "ponder/model/chat.h"

namespace ponder::jinja {

struct Failure {
  Code code = Code::kInvalid;
  std::string expected, got;
  int line = 0;  // 0: the line in execution
};

[[noreturn]] inline void fail(std::string expected, std::string got, int line = 0) {
  throw Failure{Code::kInvalid, std::move(expected), std::move(got), line};
}

[[noreturn]] inline void unsupported(std::string construct, int line = 0) {
  throw Failure{Code::kUnsupported, "a template that uses only what ponder can run",
                std::move(construct), line};
}

class Budget {
 public:
  explicit Budget(const TemplateLimits& limits)
      : limits_(limits), steps_(limits.max_steps), bytes_(limits.max_bytes) {}

  /// Charges a step, and a pass over n_bytes of text or n_items of a container.
  void work(std::size_t n_bytes = 0, std::size_t n_items = 0) {
    const std::size_t cost = 1 + n_bytes / kBytesPerStep + n_items;
    if (cost > static_cast<std::size_t>(steps_)) {
      exceeded("at most " + std::to_string(limits_.max_steps) + " steps", "more");
    }
    steps_ -= static_cast<std::int64_t>(cost);
  }
  /// Charges memory before it is used, and the time to fill it.
  void make(std::size_t n_bytes) {
    if (n_bytes > bytes_)
      exceeded("at most " + std::to_string(limits_.max_bytes) + " bytes of strings and lists",
               "more");
    bytes_ -= n_bytes;
    work(n_bytes);
  }
  void check_depth(int depth) const {
    if (depth > limits_.max_depth)
      exceeded("nesting of at most " + std::to_string(limits_.max_depth) + " levels", "more");
  }

  class Level {  // one level of nesting, for as long as it lives
   public:
    explicit Level(Budget& b) : budget_(b) {
      budget_.check_depth(budget_.depth_ + 1);
      ++budget_.depth_;
    }
    ~Level() { --budget_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Budget& budget_;
  };

 private:
  static constexpr std::size_t kBytesPerStep = 256;
  [[noreturn]] static void exceeded(std::string expected, std::string got) {
    throw Failure{Code::kResource, std::move(expected), std::move(got), 0};
  }
  TemplateLimits limits_;
  std::int64_t steps_;
  std::size_t bytes_;
  int depth_ = 0;
};

}  // namespace ponder::jinja
