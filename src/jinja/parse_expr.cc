// Expressions, by Jinja's grammar: conditional < or < and < not < comparison < + - < ~ < * / // % <
// ** < sign < attribute, item, call < filter, test.
#include <algorithm>
#include <optional>

#include "jinja/parser_words.h"

namespace ponder::jinja {
namespace {

template <class T>
ExprPtr node(int line, T v) {
  auto e = std::make_unique<Expr>();
  e->line = line;
  e->v = std::move(v);
  return e;
}

ExprPtr literal(int line, Value v) { return node(line, Literal{std::move(v)}); }

std::string describe(const Word& w) {
  switch (w.kind) {
    case Word::kText:
    case Word::kPrintBegin:
    case Word::kPrintEnd:
    case Word::kBlockEnd:
      return "the end of the tag";
    case Word::kBlockBegin:
      return "a tag";
    case Word::kEnd:
      return "the end of the template";
    case Word::kString:
      return "a string";
    case Word::kInt:
    case Word::kFloat:
      return "a number";
    default:
      return "'" + w.text + "'";
  }
}

}  // namespace

void ExprParser::fail_here(std::string expected) const {
  fail(std::move(expected), describe(word()), word().line);
}

void ExprParser::expect_op(std::string_view op) {
  if (!skip_op(op)) fail_here("'" + std::string(op) + "'");
}

void ExprParser::expect(Word::Kind kind) {
  if (word().kind != kind) fail_here("the end of the tag");
  take();
}

std::string ExprParser::expect_name(std::string_view what) {
  if (word().kind != Word::kName) fail_here(std::string(what));
  return take().text;
}

ExprPtr ExprParser::expression(bool conditional) {
  const Budget::Level level(budget_);
  const int line = word().line;
  ExprPtr e = logic(false);
  if (!conditional || !skip_name("if")) return e;
  Conditional c;
  c.then = std::move(e);
  c.condition = logic(false);
  if (skip_name("else")) c.otherwise = expression();
  return node(line, std::move(c));
}

ExprPtr ExprParser::tuple(bool conditional) {
  const int line = word().line;
  ExprPtr first = expression(conditional);
  if (!is_op(",")) return first;
  Sequence s;
  s.tuple = true;
  s.items.push_back(std::move(first));
  while (skip_op(",")) {
    if (word().kind == Word::kPrintEnd || word().kind == Word::kBlockEnd || is_op(")")) break;
    s.items.push_back(expression(conditional));
  }
  return node(line, std::move(s));
}

ExprPtr ExprParser::logic(bool all) {
  const int line = word().line;
  const auto part = [&] { return all ? negation() : logic(true); };
  Logic l{all, {}};
  do {
    l.parts.push_back(part());
  } while (skip_name(all ? "and" : "or"));
  return l.parts.size() == 1 ? std::move(l.parts[0]) : node(line, std::move(l));
}

ExprPtr ExprParser::negation() {
  const int line = word().line;
  if (!skip_name("not")) return comparison();
  const Budget::Level level(budget_);
  return node(line, Unary{'!', negation()});
}

ExprPtr ExprParser::comparison() {
  const int line = word().line;
  Comparison c;
  c.first = sum();
  while (true) {
    static constexpr std::pair<std::string_view, Order> kOps[] = {
        {"==", Order::kEqual},     {"!=", Order::kNotEqual}, {"<", Order::kLess},
        {"<=", Order::kLessEqual}, {">", Order::kGreater},   {">=", Order::kGreaterEqual}};
    const auto op = std::find_if(std::begin(kOps), std::end(kOps),
                                 [&](const auto& o) { return is_op(o.first); });
    std::optional<Order> order;
    if (op != std::end(kOps)) {
      order = op->second;
      take();
    } else if (skip_name("in")) {
      order = Order::kIn;
    } else if (is_name("not") && word(1).kind == Word::kName && word(1).text == "in") {
      order = Order::kNotIn;
      take();
      take();
    }
    if (!order) break;
    c.rest.emplace_back(*order, sum());
  }
  return c.rest.empty() ? std::move(c.first) : node(line, std::move(c));
}

ExprPtr ExprParser::arithmetic(std::initializer_list<std::string_view> ops,
                               ExprPtr (ExprParser::*operand)()) {
  const int line = word().line;
  Arithmetic a;
  a.first = (this->*operand)();
  while (std::any_of(ops.begin(), ops.end(), [&](auto op) { return is_op(op); })) {
    const std::string op = take().text;
    a.rest.emplace_back(op == "//" ? 'D' : op == "**" ? 'P' : op[0], (this->*operand)());
  }
  return a.rest.empty() ? std::move(a.first) : node(line, std::move(a));
}

ExprPtr ExprParser::sum() { return arithmetic({"+", "-"}, &ExprParser::concat); }
ExprPtr ExprParser::product() { return arithmetic({"*", "/", "//", "%"}, &ExprParser::power); }
ExprPtr ExprParser::power() { return arithmetic({"**"}, &ExprParser::signed_value); }
ExprPtr ExprParser::signed_value() { return unary(true); }

ExprPtr ExprParser::concat() {
  const int line = word().line;
  Concat c;
  do {
    c.parts.push_back(product());
  } while (skip_op("~"));
  return c.parts.size() == 1 ? std::move(c.parts[0]) : node(line, std::move(c));
}

ExprPtr ExprParser::unary(bool with_filters) {
  const int line = word().line;
  ExprPtr e;
  if (is_op("-") || is_op("+")) {
    const Budget::Level level(budget_);
    const char op = take().text[0];
    e = node(line, Unary{op, unary(false)});
  } else {
    e = primary();
  }
  return postfix(std::move(e), with_filters);
}

ExprPtr ExprParser::primary() {
  const int line = word().line;
  switch (word().kind) {
    case Word::kString:
      return string_literal();
    case Word::kInt:
      return literal(line, {take().integer});
    case Word::kFloat:
      return literal(line, {take().number});
    case Word::kOperator:
      return brackets();
    case Word::kName:
      break;
    default:
      fail_here("an expression");
  }
  const std::string name = take().text;
  if (name == "true" || name == "True") return literal(line, {true});
  if (name == "false" || name == "False") return literal(line, {false});
  if (name == "none" || name == "None") return literal(line, {None{}});
  return node(line, Name{name});
}

ExprPtr ExprParser::string_literal() {
  const int line = word().line;
  auto text = std::make_shared<Text>();
  while (word().kind == Word::kString) text->append(take().text);  // adjacent strings are joined
  return literal(line, {Str(std::move(text))});
}

ExprPtr ExprParser::brackets() {
  const int line = word().line;
  if (skip_op("(")) {
    if (skip_op(")")) return node(line, Sequence{{}, true});
    ExprPtr e = tuple();
    expect_op(")");
    return e;
  }
  if (is_op("{")) return mapping();
  if (!skip_op("[")) fail_here("an expression");
  Sequence s;
  while (!skip_op("]")) {
    s.items.push_back(expression());
    if (!is_op("]")) expect_op(",");
  }
  return node(line, std::move(s));
}

ExprPtr ExprParser::mapping() {
  const int line = word().line;
  expect_op("{");
  Mapping m;
  while (!skip_op("}")) {
    ExprPtr key = expression();
    expect_op(":");
    m.items.emplace_back(std::move(key), expression());
    if (!is_op("}")) expect_op(",");
  }
  return node(line, std::move(m));
}

Suffix ExprParser::suffix(Suffix::Kind kind) const {
  Suffix s;
  s.kind = kind;
  s.line = word().line;
  return s;
}

ExprPtr ExprParser::postfix(ExprPtr base, bool with_filters) {
  Postfix p{std::move(base), {}};
  bool filtered = false;  // only calls, filters and tests may follow a filter or test
  while (true) {
    if (!filtered && is_op(".")) {
      p.suffixes.push_back(attribute());
    } else if (!filtered && is_op("[")) {
      p.suffixes.push_back(subscript());
    } else if (is_op("(")) {
      p.suffixes.push_back(suffix(Suffix::kCall));
      p.suffixes.back().args = arguments();
    } else if (with_filters && is_op("|")) {
      p.suffixes.push_back(filter());
      filtered = true;
    } else if (with_filters && is_name("is")) {
      p.suffixes.push_back(test());
      filtered = true;
    } else {
      break;
    }
  }
  if (p.suffixes.empty()) return std::move(p.base);
  const int line = p.suffixes[0].line;
  return node(line, std::move(p));
}

Suffix ExprParser::attribute() {
  expect_op(".");
  Suffix s = suffix(Suffix::kAttribute);
  if (word().kind == Word::kInt) {
    s.kind = Suffix::kItem;
    s.item = literal(s.line, {take().integer});
  } else {
    s.name = expect_name("the name of an attribute");
  }
  return s;
}

Suffix ExprParser::subscript() {
  Suffix s = suffix(Suffix::kItem);
  expect_op("[");
  const auto bound = [&]() -> ExprPtr { return is_op(":") || is_op("]") ? nullptr : expression(); };
  if (!is_op(":")) s.item = tuple();
  if (skip_op(":")) {
    s.kind = Suffix::kSlice;
    s.slice.begin = std::move(s.item);
    s.slice.end = bound();
    if (skip_op(":")) s.slice.step = bound();
  }
  expect_op("]");
  return s;
}

Suffix ExprParser::filter() {
  expect_op("|");
  Suffix s = suffix(Suffix::kFilter);
  s.name = expect_name("the name of a filter");
  if (is_op("(")) s.args = arguments();
  return s;
}

std::vector<Suffix> ExprParser::filters() {
  std::vector<Suffix> all;
  while (is_op("|")) all.push_back(filter());
  return all;
}

Suffix ExprParser::test() {
  take();  // is
  Suffix s = suffix(Suffix::kTest);
  s.negated = skip_name("not");
  s.name = expect_name("the name of a test");
  if (is_op("(")) {
    s.args = arguments();
  } else if (ExprPtr e = test_operand()) {
    s.args.positional.push_back(std::move(e));
  }
  return s;
}

// `x is divisibleby 3`: one value may follow without brackets; null when none does.
ExprPtr ExprParser::test_operand() {
  const Word& w = word();
  const bool value = w.kind == Word::kString || w.kind == Word::kInt || w.kind == Word::kFloat ||
                     is_op("[") || is_op("{");
  static constexpr std::string_view kKeywords[] = {"else", "or", "and", "if", "in", "not", "is"};
  const bool name = w.kind == Word::kName && std::find(std::begin(kKeywords), std::end(kKeywords),
                                                       w.text) == std::end(kKeywords);
  if (!value && !name) return nullptr;
  const Budget::Level level(budget_);
  return postfix(primary(), false);
}

Arguments ExprParser::arguments() {
  expect_op("(");
  Arguments a;
  while (!skip_op(")")) {
    if (is_op("*") || is_op("**")) unsupported("a call with '*' or '**'", word().line);
    const bool named =
        word().kind == Word::kName && word(1).kind == Word::kOperator && word(1).text == "=";
    if (named) {
      std::string name = take().text;
      take();
      a.named.emplace_back(std::move(name), expression());
    } else {
      if (!a.named.empty()) fail_here("an argument with a name");
      a.positional.push_back(expression());
    }
    if (!is_op(")")) expect_op(",");
  }
  return a;
}

}  // namespace ponder::jinja
