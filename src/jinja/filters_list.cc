// Filters on lists and dicts. Python's generators are lazy lists here: always true, and without a
// length.
#include <algorithm>

#include "jinja/filters.h"
#include "jinja/strings.h"
#include "jinja/unicode.h"

namespace ponder::jinja {
namespace {

Value length_filter(Interpreter&, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "length");
  if (const Text* t = v.text()) return {static_cast<std::int64_t>(n_characters(t->bytes))};
  if (const Dict* d = v.dict()) return {static_cast<std::int64_t>(d->items.size())};
  if (v.undefined()) return {std::int64_t{0}};
  const List* l = v.list();
  if (!l || l->kind == List::kLazy) fail("a value that has a length", std::string(type_name(v)));
  return {static_cast<std::int64_t>(l->items.size())};
}

Value first_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "first");
  const std::vector<Value> items = in.items_of(v);
  return items.empty() ? undefined("there is no first item, the sequence is empty") : items.front();
}

Value last_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "last");
  const std::vector<Value> items = in.items_of(v);
  return items.empty() ? undefined("there is no last item, the sequence is empty") : items.back();
}

Value list_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "list");
  return in.make_list(in.items_of(v));
}

Value items_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "items");
  if (v.undefined()) return in.make_list({}, List::kLazy);
  if (!v.dict()) fail("a dict for items", std::string(type_name(v)));
  return in.make_list(in.items_of(call_method(in, v, "items", {})), List::kLazy);
}

Value reverse_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  bind<0>(a, {}, "reverse");
  std::vector<Value> items = in.items_of(v);
  std::reverse(items.begin(), items.end());
  if (!v.text()) return in.make_list(std::move(items), List::kLazy);
  Text out;
  out.safe = v.text()->safe;
  for (const Value& c : items) out.append(*c.text());
  return in.make_text(std::move(out));
}

Value join_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [between, attribute] = bind<2>(a, {"d", "attribute"}, "join");
  const Text separator = between ? in.to_text(*between) : Text();
  Text out;
  bool first = true;
  for (const Value& item : in.items_of(v)) {
    const Text t = in.to_text(attribute ? in.path(item, *attribute) : item);
    const std::size_t n_ranges = t.user.size() + separator.user.size();
    in.budget().make(t.bytes.size() + separator.bytes.size() + n_ranges * sizeof(ByteRange));
    if (!std::exchange(first, false)) out.append(separator);
    out.append(t);
  }
  return in.make_text(std::move(out));
}

// The arguments from the i-th on.
CallArgs rest_of(const CallArgs& a, std::size_t i) {
  CallArgs rest;
  if (i < a.positional.size())
    rest.positional.assign(a.positional.begin() + static_cast<std::ptrdiff_t>(i),
                           a.positional.end());
  rest.named = a.named;
  return rest;
}

std::string name_argument(const CallArgs& a, std::size_t i, std::string_view of) {
  if (i >= a.positional.size()) fail("an argument of " + std::string(of), "none");
  return text_argument(&a.positional[i], {}, of).bytes;
}

Value map_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  if (!truthy(v))
    return in.make_list({}, List::kLazy);  // as in Jinja2, also for none and 0, and without looking
                                           // at `a`
  std::vector<Value> out;
  if (!a.positional.empty()) {
    const std::string name = name_argument(a, 0, "map");
    const CallArgs rest = rest_of(a, 1);
    for (const Value& item : in.items_of(v)) out.push_back(in.filter(name, item, rest));
    return in.make_list(std::move(out), List::kLazy);
  }
  const auto [attribute, otherwise] = bind<2>(a, {"attribute", "default"}, "map");
  if (!attribute) fail("the name of a filter, or attribute=, for map", "none");
  for (const Value& item : in.items_of(v)) {
    out.push_back(in.path(item, *attribute));
    if (otherwise && out.back().undefined()) out.back() = *otherwise;
  }
  return in.make_list(std::move(out), List::kLazy);
}

// select, reject, selectattr and rejectattr return the items whose truth, or whose test, equals
// `wanted`.
template <bool kByAttribute, bool kWanted>
Value select_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  constexpr std::size_t kTest = kByAttribute ? 1 : 0;  // index of the test's name
  if (!truthy(v)) return in.make_list({}, List::kLazy);
  if (kByAttribute && a.positional.empty()) fail("the name of an attribute for selectattr", "none");
  const bool tested = a.positional.size() > kTest;
  const std::string name = tested ? name_argument(a, kTest, "select") : "";
  const CallArgs rest = rest_of(a, kTest + 1);
  std::vector<Value> out;
  for (Value& item : in.items_of(v)) {
    in.budget().work();
    const Value subject = kByAttribute ? in.path(item, a.positional[0]) : item;
    if ((tested ? in.test(name, subject, rest) : truthy(subject)) == kWanted)
      out.push_back(std::move(item));
  }
  return in.make_list(std::move(out), List::kLazy);
}

// The key that sort, unique, min and max compare: an attribute or the value; strings are in lower
// case by default.
Value sort_key(Interpreter& in, const Value& v, const Value* attribute,
               const Value* case_sensitive) {
  Value key = attribute && !attribute->none() ? in.path(v, *attribute) : v;
  if (!key.text() || (case_sensitive && truthy(*case_sensitive))) return key;
  in.budget().work(key.text()->bytes.size());
  return in.make_text(to_case(*key.text(), Case::kLower));
}

Value sorted(Interpreter& in, const std::vector<Value>& items, bool reverse, const Value* attribute,
             const Value* cased) {
  std::vector<std::pair<Value, Value>> keyed;
  for (const Value& v : items) keyed.emplace_back(sort_key(in, v, attribute, cased), v);
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return reverse ? in.less(b.first, a.first) : in.less(a.first, b.first);
  });
  std::vector<Value> out;
  for (auto& p : keyed) out.push_back(std::move(p.second));
  return in.make_list(std::move(out));
}

Value sort_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [reverse, cased, attribute] =
      bind<3>(a, {"reverse", "case_sensitive", "attribute"}, "sort");
  return sorted(in, in.items_of(v), reverse && truthy(*reverse), attribute, cased);
}

Value dictsort_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [cased, by, reverse] = bind<3>(a, {"case_sensitive", "by", "reverse"}, "dictsort");
  if (!v.dict()) fail("a dict for dictsort", std::string(type_name(v)));
  const Value place{std::int64_t{by && text_argument(by, {}, "dictsort").bytes == "value"}};
  return sorted(in, in.items_of(call_method(in, v, "items", {})), reverse && truthy(*reverse),
                &place, cased);
}

Value unique_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [cased, attribute] = bind<2>(a, {"case_sensitive", "attribute"}, "unique");
  std::vector<Value> keys, out;
  for (Value& item : in.items_of(v)) {
    Value key = sort_key(in, item, attribute, cased);
    if (std::any_of(keys.begin(), keys.end(), [&](const Value& k) { return in.equals(k, key); }))
      continue;
    keys.push_back(std::move(key));
    out.push_back(std::move(item));
  }
  return in.make_list(std::move(out), List::kLazy);
}

template <bool kLargest>
Value extreme_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [cased, attribute] =
      bind<2>(a, {"case_sensitive", "attribute"}, kLargest ? "max" : "min");
  const std::vector<Value> items = in.items_of(v);
  if (items.empty()) return undefined("there is no such item, the sequence is empty");
  std::size_t best = 0;
  Value best_key = sort_key(in, items[0], attribute, cased);
  for (std::size_t i = 1; i < items.size(); ++i) {
    Value key = sort_key(in, items[i], attribute, cased);
    if (kLargest ? !in.less(best_key, key) : !in.less(key, best_key)) continue;
    best = i;
    best_key = std::move(key);
  }
  return items[best];
}

Value sum_filter(Interpreter& in, const Value& v, const CallArgs& a) {
  const auto [attribute, start] = bind<2>(a, {"attribute", "start"}, "sum");
  Value total = start ? *start : Value{std::int64_t{0}};
  for (const Value& item : in.items_of(v)) {
    total = arithmetic(in, '+', total,
                       attribute && !attribute->none() ? in.path(item, *attribute) : item);
  }
  return total;
}

}  // namespace

const FilterTable& list_filters() {
  static const FilterTable kTable = {{"length", length_filter},
                                     {"count", length_filter},
                                     {"first", first_filter},
                                     {"last", last_filter},
                                     {"list", list_filter},
                                     {"items", items_filter},
                                     {"reverse", reverse_filter},
                                     {"join", join_filter},
                                     {"map", map_filter},
                                     {"select", select_filter<false, true>},
                                     {"reject", select_filter<false, false>},
                                     {"selectattr", select_filter<true, true>},
                                     {"rejectattr", select_filter<true, false>},
                                     {"sort", sort_filter},
                                     {"dictsort", dictsort_filter},
                                     {"unique", unique_filter},
                                     {"min", extreme_filter<false>},
                                     {"max", extreme_filter<true>},
                                     {"sum", sum_filter}};
  return kTable;
}

}  // namespace ponder::jinja
