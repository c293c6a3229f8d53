// Fields: reads values of a JSON object of settings. Each has a type and a range, and most have a
// default for when the key is missing.
#pragma once

#include <string>
#include <vector>

#include "ponder/core/status.h"
#include "wire/json.h"

namespace ponder {

std::string shown(double);  // as people write it, for example 0.5
/// For 50, the hint "did you mean 0.5?"; empty if the number is not a percentage.
std::string likely_share(double percent);

/// Errors of all members: kInvalid.
struct Fields {
  std::string where{};  // the source of the JSON, for messages

  Error bad(const std::string& expected, const std::string& got,
            const std::string& hint = "") const {
    return {Code::kInvalid, expected, got, where, hint};
  }
  /// Refuses keys that are not in `known`; the error suggests the nearest known key.
  Status check_keys(const Json&, const std::vector<std::string>& known) const;
  Result<double> number_in(const Json&, const std::string& key, double usual) const;
  Result<double> positive(const Json&, const std::string& key, double usual) const;  // above 0
  Result<double> share(const Json&, const std::string& key, double usual) const;     // 0 to 1
  Result<std::string> text(const Json&, const std::string& key) const;               // required
  /// The first of the choices is the default.
  Result<std::string> choice(const Json&, const std::string& key,
                             const std::vector<std::string>& choices) const;
};

}  // namespace ponder
