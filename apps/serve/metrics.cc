// Metrics: the text formats, which name the family of a counter differently.
#include "serve/metrics.h"

#include <fmt/format.h>

namespace ponder::serve {
namespace {

std::string family(const std::string& name, const char* type, const char* help) {
  return fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

std::string gauge(const char* name, const char* help, std::int64_t value) {
  return family(name, "gauge", help) + fmt::format("{} {}\n", name, value);
}

// The head of a counter whose samples are NAME_total.
std::string counter(const std::string& name, MetricsFormat f, const char* help) {
  return family(f == MetricsFormat::kOpenMetrics ? name : name + "_total", "counter", help);
}

std::string counter(const std::string& name, MetricsFormat f, const char* help,
                    std::int64_t value) {
  return counter(name, f, help) + fmt::format("{}_total {}\n", name, value);
}

}  // namespace

void Metrics::count_request(const std::string& path, int status) {
  const std::scoped_lock lock(mutex_);
  ++requests_[{path, status}];
}

std::string Metrics::text(const SharedSession& s, MetricsFormat f, int running, int waiting) const {
  std::string out = counter("ponder_requests", f, "Requests answered.");
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [key, n] : requests_)
      out += fmt::format("ponder_requests_total{{path=\"{}\",status=\"{}\"}} {}\n", key.first,
                         key.second, n);
  }
  const Cost cost = s.cost();
  out += counter("ponder_tokens", f, "Tokens pushed through the network.");
  out += fmt::format("ponder_tokens_total{{kind=\"decoded\"}} {}\n", cost.tokens_decoded);
  out += fmt::format("ponder_tokens_total{{kind=\"scored\"}} {}\n", cost.tokens_scored);
  const SharedStats stats = s.stats();
  out += counter("ponder_passes", f, "Passes through the network.", stats.passes);
  out += counter("ponder_pass_parts", f, "Requests of callers in all passes.", stats.parts);
  out += gauge("ponder_jobs_running", "Requests that are worked on.", running);
  out += gauge("ponder_jobs_waiting", "Requests that wait for others.", waiting);
  return f == MetricsFormat::kOpenMetrics ? out + "# EOF\n" : out;
}

}  // namespace ponder::serve
