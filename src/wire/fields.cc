// Fields: one function per type of value.
#include "wire/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "ponder/core/spelling.h"

namespace ponder {

std::string shown(double v) { return fmt::format("{:g}", v); }

std::string likely_share(double percent) {
  return percent > 1 && percent <= 100 ? "did you mean " + shown(percent / 100) + "?" : "";
}

Status Fields::check_keys(const Json& j, const std::vector<std::string>& known) const {
  for (const auto& [key, value] : j.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return bad("one of the keys " + Json(known).dump(), "'" + key + "'",
               did_you_mean(key, known, 3));
  }
  return {};
}

Result<double> Fields::number_in(const Json& j, const std::string& key, double usual) const {
  if (!j.contains(key)) return usual;
  if (!j[key].is_number()) return bad("a number for " + key, j[key].dump());
  return j[key].get<double>();
}

Result<double> Fields::positive(const Json& j, const std::string& key, double usual) const {
  PONDER_ASSIGN(const double v, number_in(j, key, usual));
  if (!(v > 0)) return bad("a number above 0 for " + key, shown(v));
  return v;
}

// The most likely mistake is a percentage instead of a share.
Result<double> Fields::share(const Json& j, const std::string& key, double usual) const {
  PONDER_ASSIGN(const double v, number_in(j, key, usual));
  if (!(v >= 0 && v <= 1)) return bad("a share of 0 to 1 for " + key, shown(v), likely_share(v));
  return v;
}

Result<std::string> Fields::text(const Json& j, const std::string& key) const {
  if (!j.contains(key)) return bad("a text for " + key, "none");
  if (!j[key].is_string()) return bad("a text for " + key, j[key].dump());
  return j[key].get<std::string>();
}

Result<std::string> Fields::choice(const Json& j, const std::string& key,
                                   const std::vector<std::string>& choices) const {
  if (!j.contains(key)) return choices[0];
  PONDER_ASSIGN(std::string chosen, text(j, key));
  if (std::find(choices.begin(), choices.end(), chosen) == choices.end())
    return bad("one of " + Json(choices).dump() + " for " + key, "'" + chosen + "'");
  return chosen;
}

}  // namespace ponder
