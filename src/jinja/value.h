// Values of a template program: Python's values, as far as templates use them. Not the program
// (ast.h) and not the operations on values (filters_list.cc, methods.cc). Strings record, byte by
// byte, whether they came from a message. Every value except a namespace is immutable, as in the
// sandbox that templates are written for, so values cannot form cycles, and a container's depth is
// known when it is made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ponder/model/tokenizer.h"

namespace ponder::jinja {

/// Bytes (UTF-8 as a rule) and the ranges of them that came from a message: sorted, disjoint, not
/// adjacent.
struct Text {
  std::string bytes;
  std::vector<ByteRange> user;
  // set by |safe and |escape: a string that is joined to it by + is escaped for HTML. append()
  // ignores it
  bool safe = false;

  void append(std::string_view s, bool from_user = false);
  void append(const Text& t) { append(t, 0, t.bytes.size()); }
  void append(const Text& t, std::size_t begin, std::size_t end);
  /// True if byte i came from a message.
  bool from_user(std::size_t i) const;
};

struct Value;
struct MacroDef;
struct Scope;

struct List {
  enum Kind {
    kList,
    kTuple,
    kLazy
  } kind = kList;  // lazy: a generator in Python; always true, without a length
  std::vector<Value> items;
  int depth = 1;
};

struct Dict {
  std::vector<std::pair<Value, Value>> items;  // in order of insertion
  int depth = 1;
  const Value* find(std::string_view key) const;
};

/// The `loop` of a for statement.
struct Loop {
  std::shared_ptr<const List> items;
  std::size_t index = 0;
  int nesting = 1;  // 1 in an outermost loop
  // arguments of the last loop.changed as printed, so that no cycle forms
  std::optional<std::string> last_changed{};
};

/// A global function, a macro, or a method of `self`.
struct Callable {
  enum Kind { kFunction, kMacro, kMethod } kind = kFunction;
  std::string name;
  std::shared_ptr<const Value> self;  // of a method
  const MacroDef* macro = nullptr;    // owned by the program
  Scope* scope = nullptr;             // where the macro was defined; kept alive by the interpreter
};

/// The result of `namespace()`, the only mutable value. Owned by the interpreter.
struct Namespace {
  std::map<std::string, Value, std::less<>> attributes;
};

struct Undefined {
  std::shared_ptr<const std::string> what;  // "'x' is undefined"
};
struct None {};

using Str = std::shared_ptr<const Text>;
using ListPtr = std::shared_ptr<const List>;
using DictPtr = std::shared_ptr<const Dict>;

struct Value {
  std::variant<Undefined, None, bool, std::int64_t, double, Str, ListPtr, DictPtr,
               std::shared_ptr<Loop>, std::shared_ptr<const Callable>, Namespace*>
      v;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&v);
  }
  const Text* text() const { return as<Str>() ? as<Str>()->get() : nullptr; }
  const List* list() const { return as<ListPtr>() ? as<ListPtr>()->get() : nullptr; }
  const Dict* dict() const { return as<DictPtr>() ? as<DictPtr>()->get() : nullptr; }
  bool undefined() const { return as<Undefined>(); }
  bool none() const { return as<None>(); }
};

/// Nesting of containers: 0 for a plain value.
int depth_of(const Value&);
/// Python's name of the type: "str", "dict", …
std::string_view type_name(const Value&);
bool truthy(const Value&);
/// True for an int or a bool, which counts as an int.
bool is_int(const Value&, std::int64_t* out = nullptr);
/// True for an int, a bool or a float; `out` gets it as a float.
bool is_number(const Value&, double* out = nullptr);
/// A float as Python prints it: "1.0", "1e+16".
std::string float_text(double);

}  // namespace ponder::jinja
