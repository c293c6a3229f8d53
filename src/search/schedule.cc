// The portfolio, the schedule of a long reply, and that of named methods.
#include "search/schedule.h"

#include <algorithm>
#include <utility>

namespace ponder {
namespace {

Result<ScheduledMethod> scheduled_method(Settings s, double share) {
  PONDER_ASSIGN(MethodFunction run, make_method(s));
  return ScheduledMethod{s.text(), s.name(), std::move(run), share};
}

// A proof costs little where the answer is short, so the first try comes early. The last method
// continues that proof; its work does not depend on the bar, so it gets most of the budget. Replies
// of a fixed length are seldom proved, and there beams gain most.
std::vector<std::pair<const char*, double>> portfolio(Target target) {
  const double beams = target == Target::kFixed ? 0.4 : 0.15;
  return {{"prove", 0.15}, {"beam", beams}, {"draft", 0.05}, {"anneal", 0.1}, {"prove", 1}};
}

Settings plain(const std::string& name) { return {"method", name, 1, {}}; }

// The methods that the caller named, each repeated by its count.
Result<std::vector<Settings>> parse_methods(const std::vector<std::string>& texts) {
  std::vector<Settings> all;
  for (const std::string& text : texts) {
    PONDER_ASSIGN(const auto parts, parse_spec(text, "method"));
    for (const Settings& s : parts) all.insert(all.end(), s.count(), s);
  }
  return all;
}

}  // namespace

Result<std::vector<ScheduledMethod>> long_schedule(int width) {
  std::vector<ScheduledMethod> schedule;
  if (width > 1) {
    Settings s("method", "beam", 1, {{"width", std::to_string(width)}});
    PONDER_ASSIGN(auto beam, scheduled_method(std::move(s), 1));
    schedule.push_back(std::move(beam));
  }
  PONDER_ASSIGN(auto anneal, scheduled_method(plain("anneal"), 1));
  schedule.push_back(std::move(anneal));
  return schedule;
}

Result<std::vector<ScheduledMethod>> schedule_of(const ThinkConfig& c, Target target) {
  std::vector<ScheduledMethod> schedule;
  const auto add = [&schedule](Settings s, double share) -> Status {
    PONDER_ASSIGN(ScheduledMethod next, scheduled_method(std::move(s), share));
    schedule.push_back(std::move(next));
    return {};
  };
  PONDER_ASSIGN(const auto named, parse_methods(c.methods));
  if (named.empty())
    for (const auto& [name, share] : portfolio(target)) PONDER_TRY(add(plain(name), share));
  for (std::size_t k = 0; k < named.size(); ++k)
    PONDER_TRY(add(named[k], 1. / static_cast<double>(named.size() - k)));
  const bool from_starts = std::any_of(named.begin(), named.end(), [](const Settings& s) {
    return methods().at(s.name()).from_starts;
  });
  if (from_starts && c.drafts > 0) {
    PONDER_TRY(add(plain("draft"), 1));
    std::rotate(schedule.begin(), schedule.end() - 1, schedule.end());
  }
  return schedule;
}

}  // namespace ponder
