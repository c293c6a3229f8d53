// The first JSON object or array of a reply, and a value in it.
#include <nlohmann/json.hpp>
#include <utility>

#include "answer/pattern_map.h"
#include "answer/pieces.h"

namespace ponder {
namespace {

using Json = nlohmann::json;

// The part of a text from its first brace or bracket to the one that closes it; empty: it is not
// closed, or there is none.
std::string_view first_value(std::string_view text) {
  const std::size_t begin = text.find_first_of("{[");
  if (begin == std::string_view::npos) return {};
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    if (depth == 0) return text.substr(begin, i + 1 - begin);
  }
  return {};
}

std::optional<std::string> value_of(const Json& found) {
  if (found.is_null()) return std::nullopt;
  if (!found.is_string()) return found.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string_view s = trimmed(found.get_ref<const std::string&>());
  if (s.empty()) return std::nullopt;
  return std::string(s);
}

class JsonMap final : public PrefixMap {
 public:
  JsonMap(std::string text, Json::json_pointer pointer)
      : text_(std::move(text)), pointer_(std::move(pointer)) {}

  std::optional<std::string> answer(std::string_view reply) const override {
    const std::string_view value = first_value(reply);
    constexpr std::size_t kNesting = 64;
    std::size_t depth = 0;
    for (const char c : value) depth += c == '{' || c == '[';
    if (value.empty() || depth > kNesting) return std::nullopt;
    const Json j = Json::parse(value, nullptr, false);
    if (j.is_discarded()) return std::nullopt;
    try {
      return value_of(j.at(pointer_));
    } catch (const Json::exception&) {  // the value has no such place
      return std::nullopt;
    }
  }
  Reading read(std::string_view beginning) const override {
    if (first_value(beginning).empty()) return {};
    return {true, answer(beginning)};
  }
  std::string name() const override { return "json:" + text_; }

 private:
  std::string text_;
  Json::json_pointer pointer_;
};

}  // namespace

Result<std::shared_ptr<const PrefixMap>> make_json_map(const std::string& pointer) {
  try {
    return std::shared_ptr<const PrefixMap>(
        std::make_shared<JsonMap>(pointer, Json::json_pointer(pointer)));
  } catch (const Json::exception&) {
    return Error{Code::kInvalid, "a JSON pointer (RFC 6901), such as /answer or /items/0",
                 "\"" + pointer + "\"", "json:" + pointer, ""};
  }
}

}  // namespace ponder
