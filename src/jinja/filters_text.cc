// Filters on text and single values, by Jinja's rules: values that are no strings are converted to
// text first.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "jinja/filters.h"
#include "jinja/strings.h"
#include "jinja/unicode.h"

namespace ponder::jinja {
namespace {

// These filters return a safe string for a safe one, as methods do.
Value kept_safe(Interpreter& in, Text t, const Value& source) {
  t.safe = source.text() && source.text()->safe;
  return in.make_text(std::move(t));
}

Value trim_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [characters] = bind<1>(a, {"chars"}, "trim");
  const Text* set =
      !characters || characters->none() ? nullptr : &text_argument(characters, {}, "trim");
  return kept_safe(in, strip(in.budget(), in.to_text(v), Side::kBoth, set), v);
}

template <Text (*kChange)(const Text&)>
Value changed(Interpreter& in, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "this filter");
  return kept_safe(in, kChange(in.to_text(v)), v);
}

Value title_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "title");
  return in.make_text(title_words(in.to_text(v)));
}

template <bool kEscape>
Value safe_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, kEscape ? "escape" : "safe");
  Text t = in.to_text(v);
  if (kEscape) t = escape_html(t);
  t.safe = true;
  return in.make_text(std::move(t));
}

Text upper(const Text& t) { return to_case(t, Case::kUpper); }
Text lower(const Text& t) { return to_case(t, Case::kLower); }
Text same(const Text& t) { return t; }

Value replace_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [from, to, count] = bind<3>(a, {"old", "new", "count"}, "replace");
  if (!from || !to) fail("two arguments of replace", "fewer");
  const std::int64_t n = count && !count->none() ? int_argument(count, -1, "replace") : -1;
  return in.make_text(replace(in.budget(), in.to_text(v), in.to_text(*from), in.to_text(*to), n));
}

Value indent_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [width, first, blank] = bind<3>(a, {"width", "first", "blank"}, "indent");
  Text margin;
  if (width && width->text()) {
    margin = *width->text();
  } else {
    const auto n =
        static_cast<std::size_t>(std::max<std::int64_t>(0, int_argument(width, 4, "indent")));
    in.budget().make(n);
    margin = Interpreter::plain(std::string(n, ' '));
  }
  Text source = text_argument(&v, {}, "indent");
  source.append("\n");
  const std::vector<Text> lines = split_lines(in.budget(), source, false);
  Text out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i) out.append("\n");
    const bool indented =
        i == 0 ? first && truthy(*first) : !lines[i].bytes.empty() || (blank && truthy(*blank));
    in.budget().make(margin.bytes.size() + margin.user.size() * sizeof(ByteRange));
    if (indented) out.append(margin);
    out.append(lines[i]);
  }
  return kept_safe(in, std::move(out), v);
}

// Parses the whole text, without white space around it, as a number.
template <class T>
bool parse_number(Interpreter& in, const Text& t, T& out, int base = 10) {
  std::string s = strip(in.budget(), t, Side::kBoth, nullptr).bytes;
  if (s.starts_with('+') && !s.starts_with("+-")) s.erase(0, 1);
  std::from_chars_result r{};
  if constexpr (std::is_same_v<T, double>) {
    r = std::from_chars(s.data(), s.data() + s.size(), out);
  } else {
    r = std::from_chars(s.data(), s.data() + s.size(), out, base);
  }
  return r.ec == std::errc() && r.ptr == s.data() + s.size();
}

Value int_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [otherwise, base] = bind<2>(a, {"default", "base"}, "int");
  Value fallback = otherwise ? *otherwise : Value{std::int64_t{0}};
  const std::int64_t radix = int_argument(base, 10, "int");
  if (radix < 2 || radix > 36) fail("a base of 2 to 36", std::to_string(radix));
  require_defined(v);
  std::int64_t i = 0;
  double x = 0;
  if (is_int(v, &i)) return {i};
  if (const Text* t = v.text()) {
    if (parse_number(in, *t, i, static_cast<int>(radix))) return {i};
    if (!parse_number(in, *t, x)) return fallback;
  } else if (!is_number(v, &x)) {
    return fallback;
  }
  if (!(std::fabs(x) < 9.2e18)) return fallback;
  return {static_cast<std::int64_t>(x)};
}

Value float_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [otherwise] = bind<1>(a, {"default"}, "float");
  require_defined(v);
  double x = 0;
  if (is_number(v, &x) || (v.text() && parse_number(in, *v.text(), x))) return {x};
  return otherwise ? *otherwise : Value{0.0};
}

Value abs_filter(Interpreter&, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "abs");
  require_defined(v);
  std::int64_t i = 0;
  double x = 0;
  if (is_int(v, &i) && i > INT64_MIN) return {i < 0 ? -i : i};
  if (!is_number(v, &x)) fail("a number for abs", std::string(type_name(v)));
  return {std::fabs(x)};
}

Value round_filter(Interpreter&, const Value& v, const CallArgs& a) {
  const auto [precision, method] = bind<2>(a, {"precision", "method"}, "round");
  require_defined(v);
  const std::int64_t digits = int_argument(precision, 0, "round");
  const std::string how = text_argument(method, Interpreter::plain("common"), "round").bytes;
  if (digits < 0 || digits > 20) unsupported("round to " + std::to_string(digits) + " digits");
  double x = 0;
  if (!is_number(v, &x)) fail("a number for round", std::string(type_name(v)));
  if (how == "common") {
    if (is_int(v)) return v;
    char buffer[400];
    std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(digits), x);
    return {std::strtod(buffer, nullptr)};
  }
  if (how != "ceil" && how != "floor") fail("common, ceil or floor for round", how);
  const double scale = std::pow(10.0, static_cast<double>(digits));
  return {(how == "ceil" ? std::ceil(x * scale) : std::floor(x * scale)) / scale};
}

Value default_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [otherwise, also_false] = bind<2>(a, {"default_value", "boolean"}, "default");
  if (!v.undefined() && (truthy(v) || !also_false || !truthy(*also_false))) return v;
  return otherwise ? *otherwise : in.make_text("");
}

Value attr_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [name] = bind<1>(a, {"name"}, "attr");
  if (!name) fail("an argument of attr", "none");
  return in.attribute(v, in.to_text(*name).bytes);
}

}  // namespace

const FilterTable& text_filters() {
  static const FilterTable kTable = {{"trim", trim_filter},
                                     {"upper", changed<upper>},
                                     {"lower", changed<lower>},
                                     {"title", title_filter},
                                     {"capitalize", changed<capitalize>},
                                     {"string", changed<same>},
                                     {"safe", safe_filter<false>},
                                     {"escape", safe_filter<true>},
                                     {"e", safe_filter<true>},
                                     {"replace", replace_filter},
                                     {"indent", indent_filter},
                                     {"int", int_filter},
                                     {"float", float_filter},
                                     {"abs", abs_filter},
                                     {"round", round_filter},
                                     {"default", default_filter},
                                     {"d", default_filter},
                                     {"attr", attr_filter},
                                     {"tojson", to_json}};
  return kTable;
}

Value Interpreter::filter(const std::string& name, const Value& v, const CallArgs& args) {
  if (const Text* t = v.text()) budget_.work(t->bytes.size());
  for (const FilterTable* table : {&text_filters(), &list_filters()}) {
    if (const auto it = table->find(name); it != table->end()) return it->second(*this, v, args);
  }
  unsupported("the filter '" + name + "'");
}

}  // namespace ponder::jinja
