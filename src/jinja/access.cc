// Attributes and items: x.name, x[key], "a.b.0" in map and sort, and the attributes of `loop`.
#include <charconv>
#include <set>

#include "jinja/interpreter.h"
#include "jinja/unicode.h"

namespace ponder::jinja {
namespace {

Value missing(const Value& v, std::string_view name) {
  const std::string owner = v.none() ? "None" : "'" + std::string(type_name(v)) + " object'";
  return undefined(owner + " has no attribute '" + std::string(name) + "'");
}

// True for a method that templates may call in Python but that is not implemented here.
bool is_missing_method(const Value& v, std::string_view name) {
  static const std::set<std::string_view> kStr = {
      "casefold",    "center",     "encode",    "expandtabs",   "format_map",
      "isascii",     "isdecimal",  "isnumeric", "isidentifier", "istitle",
      "isprintable", "ljust",      "maketrans", "partition",    "rindex",
      "rjust",       "rpartition", "swapcase",  "translate",    "zfill"};
  static const std::set<std::string_view> kInt = {
      "bit_length", "bit_count", "as_integer_ratio", "conjugate", "denominator", "imag",
      "numerator",  "real",      "to_bytes",         "from_bytes"};
  static const std::set<std::string_view> kFloat = {
      "as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"};
  if (v.text()) return kStr.contains(name);
  if (v.dict()) return name == "fromkeys";
  return is_int(v) ? kInt.contains(name) : v.as<double>() && kFloat.contains(name);
}

Value of_loop(const Loop& loop, std::string_view name) {
  const std::vector<Value>& items = loop.items->items;
  const auto i = static_cast<std::int64_t>(loop.index), n = static_cast<std::int64_t>(items.size());
  if (name == "index") return {i + 1};
  if (name == "index0") return {i};
  if (name == "revindex") return {n - i};
  if (name == "revindex0") return {n - i - 1};
  if (name == "first") return {i == 0};
  if (name == "last") return {i + 1 == n};
  if (name == "length") return {n};
  if (name == "depth") return {std::int64_t{loop.nesting}};
  if (name == "depth0") return {std::int64_t{loop.nesting} - 1};
  if (name == "previtem")
    return i > 0 ? items[loop.index - 1] : undefined("there is no previous item");
  if (name == "nextitem")
    return i + 1 < n ? items[loop.index + 1] : undefined("there is no next item");
  return undefined("'loop' has no attribute '" + std::string(name) + "'");
}

}  // namespace

Value Interpreter::attribute(const Value& v, std::string_view name) {
  require_defined(v);
  if (has_method(v, name)) {
    return {std::make_shared<const Callable>(Callable{
        Callable::kMethod, std::string(name), std::make_shared<const Value>(v), nullptr, nullptr})};
  }
  if (is_missing_method(v, name)) {
    unsupported("the method '" + std::string(name) + "' of a " + std::string(type_name(v)));
  }
  if (const Dict* d = v.dict()) {
    budget_.work(0, d->items.size() / 16);
    if (const Value* found = d->find(name)) return *found;
  } else if (const auto* loop = v.as<std::shared_ptr<Loop>>()) {
    return of_loop(**loop, name);
  } else if (const auto* ns = v.as<Namespace*>()) {
    if (const auto it = (*ns)->attributes.find(name); it != (*ns)->attributes.end())
      return it->second;
  }
  return missing(v, name);
}

Value Interpreter::item(const Value& v, const Value& key) {
  require_defined(v);
  std::int64_t i = 0;
  const bool integer = is_int(key, &i);
  if (const Dict* d = v.dict()) {
    for (const auto& [k, value] : d->items) {
      if (equals(k, key)) return value;
    }
  } else if (const List* l = v.list(); l && l->kind != List::kLazy && integer) {
    const auto n = static_cast<std::int64_t>(l->items.size());
    if (i >= -n && i < n) return l->items[static_cast<std::size_t>(i < 0 ? i + n : i)];
    return undefined("the list has " + std::to_string(n) + " items, no item " + std::to_string(i));
  } else if (const Text* t = v.text(); t && integer) {
    budget_.work(t->bytes.size());
    std::size_t at = i < 0 ? t->bytes.size() : 0;
    for (; i < -1 && at > 0; ++i) at -= character_before(t->bytes, at).length;
    for (; i > 0 && at < t->bytes.size(); --i) at += character_at(t->bytes, at).length;
    if (i < 0 ? at > 0 : at < t->bytes.size()) {
      if (i < 0) at -= character_before(t->bytes, at).length;
      Text c;
      c.safe = t->safe;
      c.append(*t, at, at + character_at(t->bytes, at).length);
      return make_text(std::move(c));
    }
    return undefined("the string has no such character");
  }
  if (const Text* name = key.text()) return attribute(v, name->bytes);
  return missing(v, to_text(key).bytes);
}

Value Interpreter::path(const Value& v, const Value& dotted) {
  const Text* t = dotted.text();
  if (!t) return item(v, dotted);
  Value current = v;
  for (std::size_t begin = 0; begin <= t->bytes.size();) {
    budget_.work();
    const std::size_t end = std::min(t->bytes.find('.', begin), t->bytes.size());
    const std::string part = t->bytes.substr(begin, end - begin);
    std::int64_t i = 0;
    const auto [last, error] = std::from_chars(part.data(), part.data() + part.size(), i);
    const bool integer = error == std::errc() && last == part.data() + part.size();
    current = item(current, integer ? Value{i} : make_text(part));
    begin = end + 1;
  }
  return current;
}

}  // namespace ponder::jinja
