// Wraps the JSON library's parser in a Result.
#include <algorithm>
#include <cmath>

#include "wire/json.h"

namespace ponder {

Result<Json> parse_json(std::string_view text, Error broken, const std::string& where) {
  constexpr int kMaxDepth = 64;
  bool too_deep = false;
  try {
    Json j = Json::parse(text, [&](int depth, Json::parse_event_t, Json&) {
      too_deep = too_deep || depth > kMaxDepth;
      return !too_deep;
    });
    if (!too_deep) return j;
    return Error{Code::kInvalid, "nesting of at most " + std::to_string(kMaxDepth) + " levels",
                 "more", where, ""};
  } catch (const Json::exception& e) {
    broken.got = e.what();
    return broken;
  }
}

bool fits_int(const Json& j) {
  constexpr double kMost = 2e9;
  if (j.is_number()) return std::abs(j.get<double>()) <= kMost;
  return !j.is_structured() ||
         std::all_of(j.begin(), j.end(), [](const Json& x) { return fits_int(x); });
}

}  // namespace ponder
