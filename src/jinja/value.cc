// Values: appending text with its origin, and Python's type and truth of a value.
#include "jinja/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ponder::jinja {
namespace {

void add_range(std::vector<ByteRange>& ranges, std::size_t begin, std::size_t end) {
  if (begin == end) return;
  if (!ranges.empty() && ranges.back().end == begin) {
    ranges.back().end = end;
  } else {
    ranges.push_back({begin, end});
  }
}

// The first range that ends after byte i.
auto first_behind(const std::vector<ByteRange>& ranges, std::size_t i) {
  return std::partition_point(ranges.begin(), ranges.end(),
                              [i](const ByteRange& r) { return r.end <= i; });
}

}  // namespace

void Text::append(std::string_view s, bool is_user) {
  if (is_user) add_range(user, bytes.size(), bytes.size() + s.size());
  bytes += s;
}

void Text::append(const Text& t, std::size_t begin, std::size_t end) {
  const std::size_t at = bytes.size();
  for (auto r = first_behind(t.user, begin); r != t.user.end() && r->begin < end; ++r) {
    add_range(user, at + std::max(r->begin, begin) - begin, at + std::min(r->end, end) - begin);
  }
  bytes.append(t.bytes, begin, end - begin);
}

bool Text::from_user(std::size_t i) const {
  const auto r = first_behind(user, i);
  return r != user.end() && r->begin <= i;
}

const Value* Dict::find(std::string_view key) const {
  for (const auto& [k, value] : items) {
    if (const Text* t = k.text(); t && t->bytes == key) return &value;
  }
  return nullptr;
}

int depth_of(const Value& v) {
  if (const List* l = v.list()) return l->depth;
  if (const Dict* d = v.dict()) return d->depth;
  if (const auto* loop = v.as<std::shared_ptr<Loop>>()) return (*loop)->items->depth + 1;
  if (const auto* f = v.as<std::shared_ptr<const Callable>>(); f && (*f)->self)
    return depth_of(*(*f)->self) + 1;
  return 0;
}

std::string_view type_name(const Value& v) {
  if (const List* l = v.list())
    return l->kind == List::kList ? "list" : l->kind == List::kTuple ? "tuple" : "generator";
  static constexpr std::string_view kNames[] = {"Undefined",   "NoneType", "bool",     "int",
                                                "float",       "str",      "list",     "dict",
                                                "LoopContext", "function", "Namespace"};
  return kNames[v.v.index()];
}

bool truthy(const Value& v) {
  if (v.undefined() || v.none()) return false;
  if (double x; is_number(v, &x)) return x != 0;
  if (const Text* t = v.text()) return !t->bytes.empty();
  if (const List* l = v.list()) return l->kind == List::kLazy || !l->items.empty();
  if (const Dict* d = v.dict()) return !d->items.empty();
  return true;
}

bool is_int(const Value& v, std::int64_t* out) {
  const auto* b = v.as<bool>();
  const auto* i = v.as<std::int64_t>();
  if (out && (b || i)) *out = b ? *b : *i;
  return b || i;
}

bool is_number(const Value& v, double* out) {
  std::int64_t i = 0;
  const double* x = v.as<double>();
  const bool integer = is_int(v, &i);
  if (out && (integer || x)) *out = x ? *x : static_cast<double>(i);
  return integer || x;
}

std::string float_text(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  char buffer[400];
  const double size = std::fabs(x);
  const bool scientific = size != 0 && (size < 1e-4 || size >= 1e16);
  const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
  std::string s(buffer, std::to_chars(buffer, buffer + sizeof buffer, x, format).ptr);
  return scientific || s.find('.') != std::string::npos ? s : s + ".0";
}

}  // namespace ponder::jinja
