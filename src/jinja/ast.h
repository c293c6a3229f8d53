// The syntax tree of a template: the parser makes it, the interpreter walks it. Chains of
// operators, attributes, calls and filters are flat lists, so the depth of the tree is the nesting
// of the source, which is bounded.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "jinja/value.h"

namespace ponder::jinja {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;
struct Node;
using Body = std::vector<Node>;

struct Arguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
};

struct Literal {
  Value value;
};
struct Name {
  std::string name;
};
struct Sequence {  // [a, b] and (a, b)
  std::vector<ExprPtr> items;
  bool tuple = false;
};
struct Mapping {  // {a: b}
  std::vector<std::pair<ExprPtr, ExprPtr>> items;
};
struct Unary {  // '-', '+', or '!' for `not`
  char op;
  ExprPtr operand;
};
struct Arithmetic {  // operators of one precedence, left to right; "//" is '/' twice: 'D', "**" is
                     // 'P'
  ExprPtr first;
  std::vector<std::pair<char, ExprPtr>> rest;
};
struct Concat {  // a ~ b ~ c
  std::vector<ExprPtr> parts;
};
struct Logic {  // `and` (all) or `or`
  bool all;
  std::vector<ExprPtr> parts;
};
enum class Order { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };
struct Comparison {  // a < b <= c, with Python's meaning
  ExprPtr first;
  std::vector<std::pair<Order, ExprPtr>> rest;
};
struct Conditional {
  ExprPtr then, condition, otherwise;  // otherwise may be null
};
struct Slice {
  ExprPtr begin, end, step;  // each may be null
};
struct Suffix {
  enum Kind { kAttribute, kItem, kSlice, kCall, kFilter, kTest } kind;
  int line = 0;
  std::string name;  // attribute, filter or test
  ExprPtr item;
  Slice slice;
  Arguments args;
  bool negated = false;  // `is not`
};
struct Postfix {  // base.attribute[item](call)|filter is test
  ExprPtr base;
  std::vector<Suffix> suffixes;
};

struct Expr {
  int line = 0;
  std::variant<Literal, Name, Sequence, Mapping, Unary, Arithmetic, Concat, Logic, Comparison,
               Conditional, Postfix>
      v;
};

/// The target of an assignment by `set`, `for` and `with`: a name, an attribute of a namespace, or
/// several of these.
struct Target {
  std::string name, attribute;
  std::vector<Target> parts;  // of a tuple; then name is empty
};

struct Output {  // template text
  Str text;
};
struct Print {  // {{ … }}
  ExprPtr value;
};
struct If {
  std::vector<std::pair<ExprPtr, Body>> branches;
  Body otherwise;
};
struct For {
  Target target;
  ExprPtr items, condition;  // condition may be null
  Body body, otherwise;
};
struct Set {  // value, or the output of a body through filters
  Target target;
  ExprPtr value;
  Body body;
  std::vector<Suffix> filters;
};
struct MacroDef {
  std::string name;
  std::vector<std::pair<std::string, ExprPtr>> parameters;  // default may be null
  Body body;
};
struct With {
  std::vector<std::pair<Target, ExprPtr>> values;
  Body body;
};
struct FilterBlock {
  std::vector<Suffix> filters;
  Body body;
};
struct Break {};
struct Continue {};

struct Node {
  int line = 0;
  std::variant<Output, Print, If, For, Set, MacroDef, With, FilterBlock, Break, Continue> v;
};

}  // namespace ponder::jinja
