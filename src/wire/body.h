// Body: reads the fields of a request's JSON body, and knows which were read. A field that is null
// is one that is not there. Errors name the field at `where`.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/session/prompt.h"
#include "wire/json.h"

namespace ponder {

class Body {
 public:
  static constexpr int kMostTokens = 1 << 20;

  /// Errors: kInvalid (no JSON object).
  static Result<Body> parse(std::string_view text);
  const Json& json() const { return json_; }
  /// Null if there is none.
  const Json* find(const std::string& key);
  /// kInvalid, of a field that is there.
  Error bad(const std::string& key, const std::string& expected) const;

  // Each leaves `out` as it is where there is no such field. Errors: kInvalid.
  Status number(const std::string& key, double low, double high, double& out);
  Status integer(const std::string& key, int low, int high, int& out);
  Status seconds(const std::string& key, double& out);  // at most a day
  Status seed(std::uint64_t& out);
  Status flag(const std::string& key, bool& out);
  Status text(const std::string& key, std::string& out);
  /// A text, or a list of texts.
  Status texts(const std::string& key, std::vector<std::string>& out);

  /// The prompt as request lines have it: messages, question, prompt, or prompt_ids.
  Result<PromptRequest> prompt(int n_vocab);
  /// Refuses a field unless it is empty, 0, false or none. Errors: kUnsupported.
  Status unsupported(const std::string& key);
  /// Names of fields that nobody has asked for.
  std::vector<std::string> unread() const;
  /// Errors: kInvalid where there are such fields.
  Status all_read() const;

 private:
  explicit Body(Json j) : json_(std::move(j)) {}
  Json json_;
  std::set<std::string> read_;
};

}  // namespace ponder
