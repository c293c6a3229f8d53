// StopText: finds the first stop text, and how much of the end may begin one.
#include "session/stop_text.h"

#include <algorithm>

namespace ponder {
namespace {

// The length of the longest end of `s` that is a beginning of `stop`, but not all of it.
std::size_t begun(const std::string& s, const std::string& stop) {
  for (std::size_t n = std::min(s.size(), stop.size() - 1); n > 0; --n)
    if (s.compare(s.size() - n, n, stop, 0, n) == 0) return n;
  return 0;
}

}  // namespace

std::string StopText::take(const std::string& more) {
  if (stopped_) return "";
  held_ += more;
  std::size_t first = std::string::npos, keep = 0;
  for (const std::string& stop : stops_) {
    first = std::min(first, held_.find(stop));
    keep = std::max(keep, begun(held_, stop));
  }
  stopped_ = first != std::string::npos;
  std::string out = held_.substr(0, stopped_ ? first : held_.size() - keep);
  held_.erase(0, stopped_ ? held_.size() : out.size());
  return out;
}

}  // namespace ponder
