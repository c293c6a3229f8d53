// Metrics: the text format.
#include "serve/metrics.h"

#include <fmt/format.h>

namespace ponder::serve {
namespace {

std::string family(const char* name, const char* type, const char* help) {
  return fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

std::string gauge(const char* name, const char* help, std::int64_t value) {
  return family(name, "gauge", help) + fmt::format("{} {}\n", name, value);
}

std::string counter(const char* name, const char* help, std::int64_t value) {
  return family(name, "counter", help) + fmt::format("{}_total {}\n", name, value);
}

}  // namespace

void Metrics::count_request(const std::string& path, int status) {
  const std::scoped_lock lock(mutex_);
  ++requests_[{path, status}];
}

std::string Metrics::text(const SharedSession& s, int running, int waiting) const {
  std::string out = family("ponder_requests", "counter", "Requests answered.");
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [key, n] : requests_)
      out += fmt::format("ponder_requests_total{{path=\"{}\",status=\"{}\"}} {}\n", key.first,
                         key.second, n);
  }
  const Cost cost = s.cost();
  out += family("ponder_tokens", "counter", "Tokens pushed through the network.");
  out += fmt::format("ponder_tokens_total{{kind=\"decoded\"}} {}\n", cost.tokens_decoded);
  out += fmt::format("ponder_tokens_total{{kind=\"scored\"}} {}\n", cost.tokens_scored);
  const SharedStats stats = s.stats();
  out += counter("ponder_passes", "Passes through the network.", stats.passes);
  out += counter("ponder_pass_parts", "Requests of callers in all passes.", stats.parts);
  out += gauge("ponder_jobs_running", "Requests that are worked on.", running);
  out += gauge("ponder_jobs_waiting", "Requests that wait for others.", waiting);
  return out + "# EOF\n";
}

}  // namespace ponder::serve
