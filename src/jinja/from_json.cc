// Converts JSON to values, for the parts of a request besides role and content: tools, tool calls,
// further variables. nlohmann-json does the parsing. Not tojson (json.cc).
#include <nlohmann/json.hpp>

#include "jinja/interpreter.h"

namespace ponder::jinja {
namespace {

using Json = nlohmann::ordered_json;

// Every string of a request, keys included, counts as the user's and must never become a control
// token.
Value user_text(Interpreter& in, const std::string& s) {
  Text t;
  t.append(s, true);
  return in.make_text(std::move(t));
}

Value value_of(Interpreter& in, const Json& j) {
  const Budget::Level level(in.budget());
  switch (j.type()) {
    case Json::value_t::null:
      return {None{}};
    case Json::value_t::boolean:
      return {j.get<bool>()};
    case Json::value_t::number_unsigned:
      if (j.get<std::uint64_t>() > INT64_MAX) fail("integers of at most 64 bits", j.dump());
      [[fallthrough]];
    case Json::value_t::number_integer:
      return {j.get<std::int64_t>()};
    case Json::value_t::number_float:
      return {j.get<double>()};
    case Json::value_t::string:
      return user_text(in, j.get_ref<const std::string&>());
    case Json::value_t::array: {
      std::vector<Value> items;
      for (const Json& x : j) items.push_back(value_of(in, x));
      return in.make_list(std::move(items));
    }
    default: {
      std::vector<std::pair<Value, Value>> items;
      for (const auto& [key, x] : j.items()) {
        Value k = user_text(in, key);
        items.emplace_back(std::move(k), value_of(in, x));
      }
      return in.make_dict(std::move(items));
    }
  }
}

}  // namespace

Value from_json_object(Interpreter& in, const std::string& text, std::string_view what) {
  const Json j = Json::parse(text, nullptr, false);
  if (!j.is_object())
    fail(std::string(what) + " as a JSON object", j.is_discarded() ? "no JSON" : j.type_name());
  return value_of(in, j);
}

}  // namespace ponder::jinja
