// Methods of strings, dicts, lists and `loop`. Methods that change their object do not exist, as in
// the sandbox that templates are written for.
#include <algorithm>
#include <map>

#include "jinja/interpreter.h"
#include "jinja/strings.h"
#include "jinja/unicode.h"

namespace ponder::jinja {

const Text& text_argument(const Value* v, const Text& otherwise, std::string_view of) {
  if (!v) return otherwise;
  require_defined(*v);
  if (!v->text()) fail("a string as argument of " + std::string(of), std::string(type_name(*v)));
  return *v->text();
}

std::int64_t int_argument(const Value* v, std::int64_t otherwise, std::string_view of) {
  std::int64_t i = otherwise;
  if (v) require_defined(*v);
  if (v && !is_int(*v, &i))
    fail("an integer as argument of " + std::string(of), std::string(type_name(*v)));
  return i;
}

namespace {

using Method = Value (*)(Interpreter&, const Value& self, const std::string& name, const CallArgs&);

const Text& given(const Value* v, std::string_view of) {
  static const Text kNone;
  if (!v) fail("an argument of " + std::string(of), "none");
  return text_argument(v, kNone, of);
}

Value list_of(Interpreter& in, std::vector<Text> parts) {
  std::vector<Value> items;
  for (Text& t : parts) items.push_back(in.make_text(std::move(t)));
  return in.make_list(std::move(items));
}

// Returns null for None or a missing argument.
const Text* optional_text(const Value* v, std::string_view of) {
  return !v || v->none() ? nullptr : &given(v, of);
}

Value strip_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  const auto [characters] = bind<1>(a, {"chars"}, name);
  const Side side = name == "strip" ? Side::kBoth : name == "lstrip" ? Side::kLeft : Side::kRight;
  return in.make_text(strip(in.budget(), *self.text(), side, optional_text(characters, name)));
}

Value split_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  const auto [sep, most] = bind<2>(a, {"sep", "maxsplit"}, name);
  const Text* separator = optional_text(sep, name);
  const std::int64_t n = int_argument(most, -1, name);
  return list_of(in,
                 (name == "split" ? split : split_right)(in.budget(), *self.text(), separator, n));
}

Value lines_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  const auto [keep] = bind<1>(a, {"keepends"}, name);
  return list_of(in, split_lines(in.budget(), *self.text(), keep && truthy(*keep)));
}

Value case_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  bind<0>(a, {}, name);
  const Text& t = *self.text();
  if (name == "title") return in.make_text(title_letters(t));
  if (name == "capitalize") return in.make_text(capitalize(t));
  return in.make_text(to_case(t, name == "upper" ? Case::kUpper : Case::kLower));
}

// Refuses the bounds with which Python's find, count, startswith and similar methods search a part
// of the string.
void refuse_bounds(const std::string& name, const CallArgs& a) {
  if (a.positional.size() > 1) unsupported("'" + name + "' with a start or end");
}

Value ends_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  refuse_bounds(name, a);
  const auto [what] = bind<1>(a, {"affix"}, name);
  if (!what) fail("an argument of " + name, "none");
  const std::string& s = self.text()->bytes;
  const auto fits = [&](const Value& v) {
    const std::string& affix = given(&v, name).bytes;
    in.budget().work(affix.size());
    return name == "startswith" ? s.starts_with(affix) : s.ends_with(affix);
  };
  const List* several = what->list();
  if (!several || several->kind != List::kTuple) return {fits(*what)};
  return {std::any_of(several->items.begin(), several->items.end(), fits)};
}

Value remove_method(Interpreter& in, const Value& self, const std::string& name,
                    const CallArgs& a) {
  const auto [what] = bind<1>(a, {"affix"}, name);
  const std::string& affix = given(what, name).bytes;
  const Text& t = *self.text();
  const bool front = name == "removeprefix";
  if (front ? !t.bytes.starts_with(affix) : !t.bytes.ends_with(affix)) return self;
  Text out;
  out.append(t, front ? affix.size() : 0, t.bytes.size() - (front ? 0 : affix.size()));
  return in.make_text(std::move(out));
}

Value replace_method(Interpreter& in, const Value& self, const std::string& name,
                     const CallArgs& a) {
  const auto [from, to, count] = bind<3>(a, {"old", "new", "count"}, name);
  const Text &old_text = given(from, name), &new_text = given(to, name);
  return in.make_text(
      replace(in.budget(), *self.text(), old_text, new_text, int_argument(count, -1, name)));
}

Value find_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  refuse_bounds(name, a);
  const auto [what] = bind<1>(a, {"sub"}, name);
  const std::string &s = self.text()->bytes, &part = given(what, name).bytes;
  in.budget().work(s.size() + part.size());
  if (name == "count") {
    if (part.empty()) return {static_cast<std::int64_t>(n_characters(s)) + 1};
    std::int64_t n = 0;
    for (std::size_t i = find_text(s, part); i != s.npos;
         i = find_text(s, part, i + part.size()), ++n)
      in.budget().work(part.size());
    return {n};
  }
  const std::size_t at = name == "rfind" ? find_last_text(s, part) : find_text(s, part);
  if (at == s.npos && name == "index")
    fail("a string that contains the argument of index", "another one");
  if (at == s.npos) return {std::int64_t{-1}};
  return {static_cast<std::int64_t>(n_characters(std::string_view(s).substr(0, at)))};
}

Value join_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  const auto [parts] = bind<1>(a, {"iterable"}, name);
  if (!parts) fail("an argument of join", "none");
  Text out;
  bool first = true;
  for (const Value& v : in.items_of(*parts)) {
    const Text& t = given(&v, name);
    in.budget().make(t.bytes.size() + self.text()->bytes.size() +
                     self.text()->user.size() * sizeof(ByteRange));
    if (!std::exchange(first, false)) out.append(*self.text());
    out.append(t);
  }
  return in.make_text(std::move(out));
}

Value is_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  bind<0>(a, {}, name);
  in.budget().work(self.text()->bytes.size());
  return {is_all(*self.text(), name)};
}

// str.format with {}, {0} and {name}.
Value format_method(Interpreter& in, const Value& self, const std::string&, const CallArgs& a) {
  const Text& t = *self.text();
  const std::string& s = t.bytes;
  Text out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const bool open = s[i] == '{', twice = i + 1 < s.size() && s[i + 1] == s[i];
    if ((!open && s[i] != '}') || twice) {
      out.append(t, i, i + 1);
      if (twice && (open || s[i] == '}')) ++i;
      continue;
    }
    const std::size_t close = open ? s.find('}', i) : s.npos;
    if (close == s.npos) fail("'{' and '}' in pairs in a format", "a single one");
    const std::string field = s.substr(i + 1, close - i - 1);
    const Value* v = nullptr;
    if (field.find_first_not_of("0123456789") == field.npos && field.size() < 9) {
      const std::size_t k = field.empty() ? next++ : std::stoul(field);
      if (k < a.positional.size()) v = &a.positional[k];
    } else if (field.find_first_of(".[:!{") != field.npos) {
      unsupported("the format field '{" + field.substr(0, 40) + "}'");
    }
    for (const auto& [name, value] : a.named) v = name == field ? &value : v;
    if (!v)
      fail("an argument for every field of a format", "none for '{" + field.substr(0, 40) + "}'");
    const Text shown = in.to_text(*v);
    in.budget().make(shown.bytes.size() + shown.user.size() * sizeof(ByteRange));
    out.append(shown);
    i = close;
  }
  return in.make_text(std::move(out));
}

Value dict_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  const Dict& d = *self.dict();
  if (name == "get") {
    const auto [key, otherwise] = bind<2>(a, {"key", "default"}, name);
    if (!key) fail("an argument of get", "none");
    for (const auto& [k, value] : d.items) {
      if (in.equals(k, *key)) return value;
    }
    return otherwise ? *otherwise : Value{None{}};
  }
  bind<0>(a, {}, name);
  std::vector<Value> items;
  for (const auto& [k, value] : d.items) {
    in.budget().work();
    items.push_back(name == "keys"     ? k
                    : name == "values" ? value
                                       : in.make_list({k, value}, List::kTuple));
  }
  return in.make_list(std::move(items));
}

Value list_method(Interpreter& in, const Value& self, const std::string& name, const CallArgs& a) {
  refuse_bounds(name, a);
  const auto [what] = bind<1>(a, {"value"}, name);
  if (!what) fail("an argument of " + name, "none");
  const std::vector<Value>& items = self.list()->items;
  std::int64_t n = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!in.equals(items[i], *what)) continue;
    if (name == "index") return {static_cast<std::int64_t>(i)};
    ++n;
  }
  if (name == "index") fail("a list that contains the argument of index", "another one");
  return {n};
}

Value cycle_method(Interpreter&, const Value& self, const std::string&, const CallArgs& a) {
  if (a.positional.empty()) fail("an argument of loop.cycle", "none");
  return a.positional[(*self.as<std::shared_ptr<Loop>>())->index % a.positional.size()];
}

// An immutable list or dict is its own copy.
Value copy_method(Interpreter&, const Value& self, const std::string& name, const CallArgs& a) {
  bind<0>(a, {}, name);
  return self;
}

// True if the arguments differ from those of the previous pass.
Value changed_method(Interpreter& in, const Value& self, const std::string& name,
                     const CallArgs& a) {
  if (!a.named.empty())
    fail("arguments of loop." + name + " without names", "'" + a.named[0].first + "'");
  std::string now = in.to_text(in.make_list(a.positional, List::kTuple)).bytes;
  auto& last = (*self.as<std::shared_ptr<Loop>>())->last_changed;
  const bool changed = last != now;
  last = std::move(now);
  return {changed};
}

Method method_of(const Value& v, std::string_view name) {
  static const std::map<std::string_view, Method> kStr = {
      {"strip", strip_method},        {"lstrip", strip_method},
      {"rstrip", strip_method},       {"split", split_method},
      {"rsplit", split_method},       {"splitlines", lines_method},
      {"upper", case_method},         {"lower", case_method},
      {"title", case_method},         {"capitalize", case_method},
      {"startswith", ends_method},    {"endswith", ends_method},
      {"replace", replace_method},    {"find", find_method},
      {"rfind", find_method},         {"index", find_method},
      {"count", find_method},         {"join", join_method},
      {"isdigit", is_method},         {"isalpha", is_method},
      {"isalnum", is_method},         {"isspace", is_method},
      {"isupper", is_method},         {"islower", is_method},
      {"format", format_method},      {"removeprefix", remove_method},
      {"removesuffix", remove_method}};
  static const std::map<std::string_view, Method> kDict = {{"get", dict_method},
                                                           {"items", dict_method},
                                                           {"keys", dict_method},
                                                           {"values", dict_method},
                                                           {"copy", copy_method}};
  static const std::map<std::string_view, Method> kList = {
      {"index", list_method}, {"count", list_method}, {"copy", copy_method}};
  static const std::map<std::string_view, Method> kTuple = {{"index", list_method},
                                                            {"count", list_method}};
  static const std::map<std::string_view, Method> kLoop = {{"cycle", cycle_method},
                                                           {"changed", changed_method}};
  static const std::map<std::string_view, Method> kOther;
  const auto& table = v.text()   ? kStr
                      : v.dict() ? kDict
                      : v.list() ? (v.list()->kind == List::kList ? kList : kTuple)
                      : v.as<std::shared_ptr<Loop>>() ? kLoop
                                                      : kOther;
  const auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

// Marks the result of a method of a safe string as safe.
Value made_safe(Interpreter& in, const Value& v) {
  if (const Text* t = v.text()) {
    Text safe = *t;
    safe.safe = true;
    return in.make_text(std::move(safe));
  }
  if (!v.list()) return v;
  std::vector<Value> items;
  for (const Value& i : v.list()->items) items.push_back(made_safe(in, i));
  return in.make_list(std::move(items));
}

}  // namespace

bool has_method(const Value& self, std::string_view name) {
  return method_of(self, name) != nullptr;
}

Value call_method(Interpreter& in, const Value& self, const std::string& name,
                  const CallArgs& args) {
  const Text* t = self.text();
  if (t) in.budget().work(t->bytes.size());
  const bool safe = t && t->safe;
  if (safe && (name == "replace" || name == "join" || name == "format")) {
    unsupported("the method '" + name + "' of a string behind |safe or |escape");
  }
  const Value result = method_of(self, name)(in, self, name, args);
  return safe ? made_safe(in, result) : result;
}

}  // namespace ponder::jinja
