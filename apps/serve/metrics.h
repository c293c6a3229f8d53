// Metrics: counts since the server started, as Prometheus's text or OpenMetrics.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "ponder/shared_session.h"

namespace ponder::serve {

enum class MetricsFormat : std::uint8_t { kText, kOpenMetrics };

/// Threads: any.
class Metrics {
 public:
  void count_request(const std::string& path, int status);
  /// running, waiting: requests at this moment.
  std::string text(const SharedSession&, MetricsFormat, int running, int waiting) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, std::int64_t> requests_;
};

}  // namespace ponder::serve
