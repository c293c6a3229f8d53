// Expressions: names, literals, operators, attributes, items, slices and calls, with Jinja's rules
// for undefined values: they may be printed, tested and looped over, and any other use fails.
#include <algorithm>

#include "jinja/interpreter.h"
#include "jinja/unicode.h"

namespace ponder::jinja {

Value undefined(std::string what) {
  return {Undefined{std::make_shared<const std::string>(std::move(what))}};
}

void require_defined(const Value& v) {
  if (const auto* u = v.as<Undefined>()) fail("a value", u->what ? *u->what : "an undefined one");
}

Value Interpreter::eval(const Expr& e, Scope& scope) {
  const Budget::Level level(budget_);
  budget_.work();
  line_ = e.line;
  return std::visit([&](const auto& n) { return eval(n, scope); }, e.v);
}

Value Interpreter::eval(const Name& e, Scope& scope) {
  for (const Scope* s = &scope; s; s = s->parent.get()) {
    if (const auto it = s->variables.find(e.name); it != s->variables.end()) return it->second;
  }
  if (is_function(e.name)) {
    return {std::make_shared<const Callable>(
        Callable{Callable::kFunction, e.name, nullptr, nullptr, nullptr})};
  }
  for (const std::string_view known : {"cycler", "joiner", "lipsum"}) {
    if (e.name == known) unsupported("the function '" + e.name + "'");
  }
  return undefined("'" + e.name + "' is undefined");
}

Value Interpreter::eval(const Sequence& e, Scope& scope) {
  std::vector<Value> items;
  for (const ExprPtr& i : e.items) items.push_back(eval(*i, scope));
  return make_list(std::move(items), e.tuple ? List::kTuple : List::kList);
}

Value Interpreter::eval(const Mapping& e, Scope& scope) {
  std::vector<std::pair<Value, Value>> items;
  for (const auto& [key, value] : e.items) {
    Value k = eval(*key, scope);
    items.emplace_back(std::move(k), eval(*value, scope));
  }
  return make_dict(std::move(items));
}

Value Interpreter::eval(const Unary& e, Scope& scope) {
  Value v = eval(*e.operand, scope);
  if (e.op == '!') return {!truthy(v)};
  require_defined(v);
  std::int64_t i = 0;
  if (is_int(v, &i)) return e.op == '-' ? arithmetic(*this, '-', {std::int64_t{0}}, v) : Value{i};
  const double* x = v.as<double>();
  if (!x) fail("a number behind a sign", std::string(type_name(v)));
  return {e.op == '-' ? -*x : *x};
}

Value Interpreter::eval(const Arithmetic& e, Scope& scope) {
  Value v = eval(*e.first, scope);
  for (const auto& [op, operand] : e.rest) {
    budget_.work();
    v = arithmetic(*this, op, v, eval(*operand, scope));
  }
  return v;
}

Value Interpreter::eval(const Concat& e, Scope& scope) {
  Text out;
  for (const ExprPtr& part : e.parts) write(to_text(eval(*part, scope)), out);
  return make_text(std::move(out));
}

Value Interpreter::eval(const Logic& e, Scope& scope) {
  Value v;
  for (const ExprPtr& part : e.parts) {
    v = eval(*part, scope);
    if (truthy(v) != e.all) break;
  }
  return v;
}

Value Interpreter::eval(const Comparison& e, Scope& scope) {
  Value left = eval(*e.first, scope);
  for (const auto& [order, operand] : e.rest) {
    Value right = eval(*operand, scope);
    if (!compare(order, left, right)) return {false};
    left = std::move(right);
  }
  return {true};
}

bool Interpreter::compare(Order order, const Value& a, const Value& b) {
  switch (order) {
    case Order::kEqual:
      return equals(a, b);
    case Order::kNotEqual:
      return !equals(a, b);
    case Order::kLess:
      return less(a, b);
    case Order::kLessEqual:
      return less(a, b) || equals(a, b);
    case Order::kGreater:
      return less(b, a);
    case Order::kGreaterEqual:
      return less(b, a) || equals(a, b);
    case Order::kIn:
      return contains(b, a);
    case Order::kNotIn:
      break;
  }
  return !contains(b, a);
}

Value Interpreter::eval(const Conditional& e, Scope& scope) {
  if (truthy(eval(*e.condition, scope))) return eval(*e.then, scope);
  if (e.otherwise) return eval(*e.otherwise, scope);
  return undefined("the value of an inline 'if' without 'else' is undefined");
}

Value Interpreter::eval(const Postfix& e, Scope& scope) {
  Value v = eval(*e.base, scope);
  for (const Suffix& s : e.suffixes) v = apply(v, s, scope);
  return v;
}

Value Interpreter::apply(const Value& v, const Suffix& s, Scope& scope) {
  budget_.work();
  switch (s.kind) {
    case Suffix::kAttribute:
      line_ = s.line;
      return attribute(v, s.name);
    case Suffix::kItem: {
      const Value key = eval(*s.item, scope);
      line_ = s.line;
      return item(v, key);
    }
    case Suffix::kSlice:
      return slice(v, s.slice, scope);
    default:
      break;
  }
  const CallArgs args = eval(s.args, scope);
  line_ = s.line;
  if (s.kind == Suffix::kCall) return call(v, args);
  if (s.kind == Suffix::kFilter) return filter(s.name, v, args);
  return {test(s.name, v, args) != s.negated};
}

CallArgs Interpreter::eval(const Arguments& a, Scope& scope) {
  CallArgs args;
  for (const ExprPtr& e : a.positional) args.positional.push_back(eval(*e, scope));
  for (const auto& [name, e] : a.named) args.named.emplace_back(name, eval(*e, scope));
  return args;
}

namespace {

// Characters [begin, end) of a text.
Text characters(const Text& t, std::int64_t begin, std::int64_t end) {
  std::size_t at = 0;
  const auto skip = [&](std::int64_t n) {
    for (; n > 0 && at < t.bytes.size(); --n) at += character_at(t.bytes, at).length;
    return at;
  };
  const std::size_t first = skip(begin), last = skip(end - begin);
  Text out;
  out.safe = t.safe;
  out.append(t, first, last);
  return out;
}

}  // namespace

// Python's slice: bounds beyond the ends are clipped, negative bounds count from the end.
Value Interpreter::slice(const Value& v, const Slice& s, Scope& scope) {
  require_defined(v);
  const Text* text = v.text();
  const List* list = v.list();
  if ((!text && !list) || (list && list->kind == List::kLazy))
    fail("a string or list to slice", std::string(type_name(v)));
  const auto bound = [&](const ExprPtr& e, std::int64_t otherwise) {
    if (!e) return otherwise;
    const Value b = eval(*e, scope);
    if (b.none()) return otherwise;
    std::int64_t i = 0;
    if (!is_int(b, &i)) fail("integers in a slice", std::string(type_name(b)));
    return i;
  };
  if (text) budget_.work(text->bytes.size());
  const auto n = static_cast<std::int64_t>(text ? n_characters(text->bytes) : list->items.size());
  const std::int64_t step = bound(s.step, 1);
  if (step == 0) fail("a slice step that is not 0", "0");
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  const auto clip = [&](std::int64_t i) { return std::clamp(i < 0 ? i + n : i, low, high); };
  const auto end_of = [&](const ExprPtr& e, std::int64_t otherwise) {
    constexpr std::int64_t kNotGiven = INT64_MIN;
    const std::int64_t i = bound(e, kNotGiven);
    return i == kNotGiven ? otherwise : clip(i);
  };
  const std::int64_t begin = end_of(s.begin, step > 0 ? low : high),
                     end = end_of(s.end, step > 0 ? high : low);
  if (text && step == 1) return make_text(characters(*text, begin, end));
  std::vector<std::size_t> chosen;
  for (std::int64_t i = begin; step > 0 ? i < end : i > end;) {
    chosen.push_back(static_cast<std::size_t>(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  budget_.make(chosen.size() * sizeof(std::size_t));
  if (list) {
    std::vector<Value> items;
    for (const std::size_t i : chosen) items.push_back(list->items[i]);
    return make_list(std::move(items), list->kind);
  }
  std::vector<std::size_t> at;  // byte of each character
  for (std::size_t i = 0; i < text->bytes.size(); i += character_at(text->bytes, i).length)
    at.push_back(i);
  at.push_back(text->bytes.size());
  budget_.make(at.size() * sizeof(std::size_t));
  Text out;
  out.safe = text->safe;
  for (const std::size_t i : chosen) out.append(*text, at[i], at[i + 1]);
  return make_text(std::move(out));
}

}  // namespace ponder::jinja
