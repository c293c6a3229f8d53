// The fields of a JSON object of settings: a value of a type and range, or a usual one where there
// is none.
#pragma once

#include <string>
#include <vector>

#include "ponder/core/status.h"
#include "wire/json.h"

namespace ponder {

std::string shown(double);  // as people write it: 0.5
/// "did you mean 0.5?", of 50; empty where it is no percentage.
std::string likely_share(double percent);

/// Errors of all: kInvalid.
struct Fields {
  std::string where{};  // what is being read, for messages

  Error bad(const std::string& expected, const std::string& got,
            const std::string& hint = "") const {
    return {Code::kInvalid, expected, got, where, hint};
  }
  /// Refuses other keys, with the nearest known one.
  Status check_keys(const Json&, const std::vector<std::string>& known) const;
  Result<double> number_in(const Json&, const std::string& key, double usual) const;
  Result<double> positive(const Json&, const std::string& key, double usual) const;  // above 0
  Result<double> share(const Json&, const std::string& key, double usual) const;     // 0 to 1
  Result<std::string> text(const Json&, const std::string& key) const;               // demanded
  /// The first of the choices is the usual one.
  Result<std::string> choice(const Json&, const std::string& key,
                             const std::vector<std::string>& choices) const;
};

}  // namespace ponder
