// + - * / // % ** on numbers as in Python, integers of 64 bits; + and * on strings and lists.
#include <cmath>

#include "jinja/interpreter.h"
#include "jinja/strings.h"

namespace ponder::jinja {
namespace {

[[noreturn]] void wrong_types(char op, const Value& a, const Value& b) {
  const std::string name = op == 'D' ? "//" : op == 'P' ? "**" : std::string(1, op);
  fail("values that '" + name + "' can join",
       std::string(type_name(a)) + " and " + std::string(type_name(b)));
}

// Charges the budget for n copies of `size` bytes.
void pay_for_copies(Interpreter& in, std::size_t size, std::int64_t n) {
  const auto times = static_cast<std::size_t>(n);
  constexpr std::size_t kMost = std::size_t{1} << 62;
  in.budget().make(size != 0 && times > kMost / size ? kMost : size * times);
}

Value repeat(Interpreter& in, const Value& v, std::int64_t n) {
  if (n < 0) n = 0;
  if (const Text* t = v.text()) {
    pay_for_copies(in, t->bytes.size() + t->user.size() * sizeof(ByteRange), n);
    Text out;
    out.safe = t->safe;
    for (std::int64_t i = 0; i < n && !t->bytes.empty(); ++i) out.append(*t);
    return in.make_text(std::move(out));
  }
  const List& l = *v.list();
  pay_for_copies(in, l.items.size() * sizeof(Value), n);
  std::vector<Value> items;
  for (std::int64_t i = 0; i < n && !l.items.empty(); ++i)
    items.insert(items.end(), l.items.begin(), l.items.end());
  return in.make_list(std::move(items), l.kind);
}

Value add(Interpreter& in, const Value& a, const Value& b) {
  if (a.text() && b.text()) {
    const bool safe = a.text()->safe || b.text()->safe;
    Text out = safe ? escape_html(*a.text()) : *a.text();
    out.append(safe ? escape_html(*b.text()) : *b.text());
    return in.make_text(std::move(out));
  }
  if (!a.list() || !b.list() || a.list()->kind != b.list()->kind || a.list()->kind == List::kLazy)
    wrong_types('+', a, b);
  std::vector<Value> items = a.list()->items;
  items.insert(items.end(), b.list()->items.begin(), b.list()->items.end());
  return in.make_list(std::move(items), a.list()->kind);
}

[[noreturn]] void too_large() { fail("integers of at most 64 bits", "a larger one"); }

std::int64_t power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  while (true) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) too_large();
    exponent >>= 1;
    if (exponent == 0) return result;
    if (__builtin_mul_overflow(base, base, &base)) too_large();
  }
}

Value on_ints(char op, std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  switch (op) {
    case '+':
      if (__builtin_add_overflow(a, b, &r)) too_large();
      return {r};
    case '-':
      if (__builtin_sub_overflow(a, b, &r)) too_large();
      return {r};
    case '*':
      if (__builtin_mul_overflow(a, b, &r)) too_large();
      return {r};
    case 'P':
      if (b < 0) return {std::pow(static_cast<double>(a), static_cast<double>(b))};
      return {power(a, b)};
    default:
      break;
  }
  if (b == 0) fail("a divisor that is not 0", "0");
  if (op == '/') return {static_cast<double>(a) / static_cast<double>(b)};
  if (b == -1) {  // INT64_MIN / -1
    if (op == '%') return {std::int64_t{0}};
    if (__builtin_sub_overflow(std::int64_t{0}, a, &r)) too_large();
    return {r};
  }
  const bool down = a % b != 0 && (a < 0) != (b < 0);  // Python rounds towards minus infinity
  return op == 'D' ? Value{a / b - (down ? 1 : 0)} : Value{a % b + (down ? b : 0)};
}

Value on_floats(char op, double a, double b) {
  switch (op) {
    case '+':
      return {a + b};
    case '-':
      return {a - b};
    case '*':
      return {a * b};
    case 'P':
      return {std::pow(a, b)};
    default:
      break;
  }
  if (b == 0) fail("a divisor that is not 0", "0");
  if (op == '/') return {a / b};
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  return op == '%' ? Value{rest} : Value{std::floor((a - rest) / b + 0.5)};
}

}  // namespace

Value arithmetic(Interpreter& in, char op, const Value& a, const Value& b) {
  require_defined(a);
  require_defined(b);
  std::int64_t i = 0, j = 0;
  double x = 0, y = 0;
  if (is_int(a, &i) && is_int(b, &j)) return on_ints(op, i, j);
  if (is_number(a, &x) && is_number(b, &y)) return on_floats(op, x, y);
  if (op == '+') return add(in, a, b);
  const auto repeatable = [](const Value& v) {
    return v.text() || (v.list() && v.list()->kind != List::kLazy);
  };
  if (op == '*' && repeatable(a) && is_int(b, &j)) return repeat(in, a, j);
  if (op == '*' && is_int(a, &i) && repeatable(b)) return repeat(in, b, i);
  if (op == '%' && a.text()) unsupported("the operator % on a string");
  wrong_types(op, a, b);
}

}  // namespace ponder::jinja
