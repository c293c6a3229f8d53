// Tests, which follow `is`.
#include <map>

#include "jinja/interpreter.h"
#include "jinja/strings.h"

namespace ponder::jinja {
namespace {

using Test = bool (*)(Interpreter&, const Value&, const CallArgs&);

const Value& operand(const CallArgs& a) {
  if (a.positional.size() != 1 || !a.named.empty()) {
    fail("one argument of the test", std::to_string(a.positional.size() + a.named.size()));
  }
  return a.positional[0];
}

std::int64_t integer(const Value& v) { return int_argument(&v, 0, "the test"); }

template <bool kUpper>
bool in_case(Interpreter& in, const Value& v, const CallArgs&) {
  return is_all(in.to_text(v), kUpper ? "isupper" : "islower");
}

bool same_as(Interpreter& in, const Value& v, const CallArgs& a) {
  return v.v.index() == operand(a).v.index() && in.equals(v, operand(a));
}

bool divisible(Interpreter& in, const Value& v, const CallArgs& a) {
  integer(v);
  return !truthy(arithmetic(in, '%', v, operand(a)));
}

template <int kRest>
bool parity(Interpreter&, const Value& v, const CallArgs&) {
  return integer(v) % 2 * (integer(v) < 0 ? -1 : 1) == kRest;
}

template <Order kOrder>
bool ordered(Interpreter& in, const Value& a, const CallArgs& args) {
  const Value& b = operand(args);
  switch (kOrder) {
    case Order::kEqual:
      return in.equals(a, b);
    case Order::kNotEqual:
      return !in.equals(a, b);
    case Order::kLess:
      return in.less(a, b);
    case Order::kLessEqual:
      return in.less(a, b) || in.equals(a, b);
    case Order::kGreater:
      return in.less(b, a);
    case Order::kGreaterEqual:
      return in.less(b, a) || in.equals(a, b);
    default:
      return in.contains(b, a);
  }
}

// Tests without arguments.
template <class F>
constexpr Test simple(F) {
  return [](Interpreter&, const Value& v, const CallArgs&) { return F{}(v); };
}

bool is_sequence(const Value& v) {
  return v.text() || v.dict() || v.undefined() || (v.list() && v.list()->kind != List::kLazy);
}

bool is_callable(const Value& v) {
  return v.undefined() || v.as<std::shared_ptr<const Callable>>() || v.as<std::shared_ptr<Loop>>();
}

const std::map<std::string_view, Test>& table() {
  static const std::map<std::string_view, Test> kTable = {
      {"defined", simple([](const Value& v) { return !v.undefined(); })},
      {"undefined", simple([](const Value& v) { return v.undefined(); })},
      {"none", simple([](const Value& v) { return v.none(); })},
      {"boolean", simple([](const Value& v) { return v.as<bool>() != nullptr; })},
      {"true", simple([](const Value& v) { return v.as<bool>() && *v.as<bool>(); })},
      {"false", simple([](const Value& v) { return v.as<bool>() && !*v.as<bool>(); })},
      {"integer", simple([](const Value& v) { return v.as<std::int64_t>() != nullptr; })},
      {"float", simple([](const Value& v) { return v.as<double>() != nullptr; })},
      {"number", simple([](const Value& v) { return is_number(v); })},
      {"string", simple([](const Value& v) { return v.text() != nullptr; })},
      {"mapping", simple([](const Value& v) { return v.dict() != nullptr; })},
      {"sequence", simple([](const Value& v) { return is_sequence(v); })},
      {"iterable", simple([](const Value& v) {
         return is_sequence(v) || v.list() || v.as<std::shared_ptr<Loop>>();
       })},
      {"callable", simple([](const Value& v) { return is_callable(v); })},
      {"escaped", simple([](const Value& v) { return v.text() && v.text()->safe; })},
      {"upper", in_case<true>},
      {"lower", in_case<false>},
      {"sameas", same_as},
      {"divisibleby", divisible},
      {"odd", parity<1>},
      {"even", parity<0>},
      {"eq", ordered<Order::kEqual>},
      {"==", ordered<Order::kEqual>},
      {"equalto", ordered<Order::kEqual>},
      {"ne", ordered<Order::kNotEqual>},
      {"!=", ordered<Order::kNotEqual>},
      {"lt", ordered<Order::kLess>},
      {"<", ordered<Order::kLess>},
      {"lessthan", ordered<Order::kLess>},
      {"le", ordered<Order::kLessEqual>},
      {"<=", ordered<Order::kLessEqual>},
      {"gt", ordered<Order::kGreater>},
      {">", ordered<Order::kGreater>},
      {"greaterthan", ordered<Order::kGreater>},
      {"ge", ordered<Order::kGreaterEqual>},
      {">=", ordered<Order::kGreaterEqual>},
      {"in", ordered<Order::kIn>}};
  return kTable;
}

}  // namespace

bool Interpreter::test(const std::string& name, const Value& v, const CallArgs& args) {
  const auto it = table().find(name);
  if (it == table().end()) unsupported("the test '" + name + "'");
  return it->second(*this, v, args);
}

}  // namespace ponder::jinja
