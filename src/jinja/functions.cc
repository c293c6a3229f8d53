// Callables: macros, methods, and the global functions range, namespace, dict, raise_exception,
// strftime_now.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "jinja/interpreter.h"

namespace ponder::jinja {
namespace {

constexpr std::int64_t kMaxRange = 100'000;  // items, as in Jinja's sandbox

constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                   "May",       "June",     "July",     "August",
                                   "September", "October",  "November", "December"};
constexpr const char* kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                 "Thursday", "Friday", "Saturday"};

Value range(Interpreter& in, const CallArgs& args) {
  const auto [a, b, c] = bind<3>(args, {"", "", ""}, "range");
  if (!a) fail("an argument of range", "none");
  const std::int64_t first = b ? int_argument(a, 0, "range") : 0,
                     last = int_argument(b ? b : a, 0, "range");
  const std::int64_t step = int_argument(c, 1, "range");
  if (step == 0) fail("a step of range that is not 0", "0");
  std::vector<Value> items;
  for (std::int64_t i = first; step > 0 ? i < last : i > last;) {
    if (static_cast<std::int64_t>(items.size()) == kMaxRange) {
      throw Failure{Code::kResource, "a range of at most 100000 numbers", "a longer one", 0};
    }
    in.budget().work();
    items.push_back({i});
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return in.make_list(std::move(items));
}

Value dict(Interpreter& in, const CallArgs& args) {
  std::vector<std::pair<Value, Value>> items;
  if (args.positional.size() > 1)
    fail("at most 1 argument of dict", std::to_string(args.positional.size()));
  if (!args.positional.empty()) {
    const Value& source = args.positional[0];
    if (const Dict* d = source.dict()) {
      in.budget().work(0, d->items.size());
      items = d->items;
    } else {
      for (const Value& pair : in.items_of(source)) {
        std::vector<Value> kv = in.items_of(pair);
        if (kv.size() != 2) fail("pairs to make a dict of", std::to_string(kv.size()) + " items");
        items.emplace_back(std::move(kv[0]), std::move(kv[1]));
      }
    }
  }
  for (const auto& [name, value] : args.named) items.emplace_back(in.make_text(name), value);
  return in.make_dict(std::move(items));
}

// Formats a date like "26 Jul 2024" by the letters of strftime; a date of another form is returned
// unchanged.
std::string formatted_date(const std::string& date, const std::string& format) {
  using namespace std::chrono;
  int d = 0, y = 0, m = 0;
  char name[4] = {};
  if (std::sscanf(date.c_str(), "%2d %3s %4d", &d, name, &y) != 3) return date;
  while (m < 12 && std::string(kMonths[m]).substr(0, 3) != name) ++m;
  const year_month_day ymd{year{y}, month{static_cast<unsigned>(m + 1)},
                           day{static_cast<unsigned>(d)}};
  if (!ymd.ok()) return date;
  const unsigned weekday_number = weekday(sys_days(ymd)).c_encoding();
  const auto day_of_year = (sys_days(ymd) - sys_days(ymd.year() / January / 1)).count() + 1;
  const auto padded = [](long v, int width) {
    std::string s = std::to_string(v);
    return std::string(static_cast<std::size_t>(std::max(0, width - static_cast<int>(s.size()))),
                       '0') +
           s;
  };
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    const char c = format[++i] == '-' && i + 1 < format.size() ? format[i + 1] : format[i];
    const bool bare = format[i] == '-';  // %-d: without leading zeros
    if (bare) ++i;
    switch (c) {
      case 'd':
        out += padded(d, bare ? 1 : 2);
        break;
      case 'm':
        out += padded(m + 1, bare ? 1 : 2);
        break;
      case 'j':
        out += padded(day_of_year, bare ? 1 : 3);
        break;
      case 'Y':
        out += padded(y, 4);
        break;
      case 'y':
        out += padded(y % 100, 2);
        break;
      case 'b':
        out += std::string(kMonths[m]).substr(0, 3);
        break;
      case 'B':
        out += kMonths[m];
        break;
      case 'a':
        out += std::string(kDays[weekday_number]).substr(0, 3);
        break;
      case 'A':
        out += kDays[weekday_number];
        break;
      case 'F':
        out += padded(y, 4) + "-" + padded(m + 1, 2) + "-" + padded(d, 2);
        break;
      case 'H':
      case 'M':
      case 'S':
        out += "00";  // the options have a date but no time
        break;
      case '%':
        out += '%';
        break;
      default:
        unsupported(std::string("the date format %") + c);
    }
  }
  return out;
}

}  // namespace

bool is_function(std::string_view name) {
  static constexpr std::string_view kNames[] = {"range", "namespace", "dict", "raise_exception",
                                                "strftime_now"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

Value Interpreter::make_namespace(const CallArgs& args) {
  const Value initial = dict(*this, args);
  namespaces_.emplace_back();
  for (const auto& [key, value] : initial.dict()->items)
    namespaces_.back().attributes[to_text(key).bytes] = value;
  return {&namespaces_.back()};
}

Value Interpreter::call_function(const std::string& name, const CallArgs& args) {
  if (name == "namespace") return make_namespace(args);
  if (name == "dict") return dict(*this, args);
  if (name == "range") return range(*this, args);
  const auto [text] = bind<1>(args, {name == "raise_exception" ? "message" : "format"}, name);
  if (!text) fail("an argument of " + name, "none");
  const std::string words = to_text(*text).bytes;
  if (name == "raise_exception")
    fail("messages that the chat template accepts", "its exception: " + words);
  return make_text(formatted_date(date_, words));
}

Value Interpreter::call(const Value& f, const CallArgs& args) {
  require_defined(f);
  const auto* callable = f.as<std::shared_ptr<const Callable>>();
  if (!callable) fail("a function or macro to call", std::string(type_name(f)));
  const Callable& c = **callable;
  if (c.kind == Callable::kMacro) return call_macro(c, args);
  if (c.kind == Callable::kMethod) return call_method(*this, *c.self, c.name, args);
  return call_function(c.name, args);
}

}  // namespace ponder::jinja
