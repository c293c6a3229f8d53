// The interpreter: runs a parsed template over its variables and collects the output. There is one
// object a rendering; it owns the namespaces and the scopes that macros refer to, so that a
// program's cycles do not outlive it. Expressions are in eval_expr.cc, statements in eval_block.cc,
// filters, tests and methods in files of their own.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jinja/ast.h"
#include "jinja/limits.h"

namespace ponder::jinja {

/// The values of a call.
struct CallArgs {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// Variables of the template, a loop pass, a macro call or a block.
struct Scope : std::enable_shared_from_this<Scope> {
  explicit Scope(std::shared_ptr<Scope> p) : parent(std::move(p)) {}
  const std::shared_ptr<Scope> parent;
  std::map<std::string, Value, std::less<>> variables;
};

class Interpreter {
 public:
  Interpreter(const TemplateLimits& limits, std::string date)
      : budget_(limits), date_(std::move(date)) {}
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  void set_global(std::string name, Value v) { root_->variables[std::move(name)] = std::move(v); }
  /// Throws Failure.
  Text run(const Body&);

  int line() const { return line_; }  // line in execution
  Budget& budget() { return budget_; }

  // Functions that filters, tests and methods use.
  Value make_text(Text);  // charges the budget
  Value make_text(std::string_view s) { return make_text(plain(s)); }
  Value make_list(std::vector<Value>, List::Kind = List::kList);
  Value make_dict(std::vector<std::pair<Value, Value>>);
  /// The text that print shows; repr: the form within a list.
  Text to_text(const Value&, bool repr = false);
  /// The values over which a `for` loops; fails where the value is not iterable.
  std::vector<Value> items_of(const Value&);
  bool equals(const Value&, const Value&);
  bool less(const Value&, const Value&);
  bool contains(const Value& container, const Value& item);
  Value attribute(const Value&, std::string_view name);  // x.name
  Value item(const Value&, const Value& key);            // x[key]
  Value path(const Value&, const Value& dotted);         // "a.b.0", as in `map(attribute=…)`
  Value call(const Value& f, const CallArgs&);
  Value filter(const std::string& name, const Value&, const CallArgs&);
  bool test(const std::string& name, const Value&, const CallArgs&);
  const std::string& date() const { return date_; }

  static Text plain(std::string_view s) {
    Text t;
    t.append(s);
    return t;
  }

 private:
  enum class Flow { kNext, kBreak, kContinue };

  Flow run_body(const Body&, Scope&, Text& out);
  Flow run_node(const Node&, Scope&, Text& out);
  Flow run_if(const If&, Scope&, Text& out);
  Flow run_for(const For&, Scope&, Text& out);
  void run_set(const Set&, Scope&);
  void define_macro(const MacroDef&, Scope&);
  Value filtered(Value, const std::vector<Suffix>&, Scope&);
  void assign(const Target&, const Value&, Scope&);
  void write(const Text&, Text& out);
  Value body_text(const Body&, Scope&);

  Value eval(const Expr&, Scope&);
  Value eval(const Literal& e, Scope&) { return e.value; }
  Value eval(const Name&, Scope&);
  Value eval(const Sequence&, Scope&);
  Value eval(const Mapping&, Scope&);
  Value eval(const Unary&, Scope&);
  Value eval(const Arithmetic&, Scope&);
  Value eval(const Concat&, Scope&);
  Value eval(const Logic&, Scope&);
  Value eval(const Comparison&, Scope&);
  Value eval(const Conditional&, Scope&);
  Value eval(const Postfix&, Scope&);
  Value apply(const Value&, const Suffix&, Scope&);
  Value slice(const Value&, const Slice&, Scope&);
  CallArgs eval(const Arguments&, Scope&);
  bool compare(Order, const Value&, const Value&);
  Value call_macro(const Callable&, const CallArgs&);
  Value call_function(const std::string& name, const CallArgs&);
  Value make_namespace(const CallArgs&);

  Budget budget_;
  std::string date_;
  int line_ = 1;
  std::shared_ptr<Scope> root_ = std::make_shared<Scope>(nullptr);
  std::vector<std::shared_ptr<Scope>> macro_scopes_;  // scopes that a macro refers to
  std::deque<Namespace> namespaces_;
};

// arithmetic.cc
Value arithmetic(Interpreter&, char op, const Value&, const Value&);
// methods.cc: tests whether a value's type has a method, and calls it
bool has_method(const Value& self, std::string_view name);
Value call_method(Interpreter&, const Value& self, const std::string& name, const CallArgs&);
// from_json.cc: makes a dict from the text of a JSON object, in which every string counts as the
// user's; `what`: its name in errors
Value from_json_object(Interpreter&, const std::string& text, std::string_view what);
// functions.cc: raise_exception, range, strftime_now, dict
bool is_function(std::string_view name);

/// An undefined value with the sentence of the error that its use raises.
Value undefined(std::string what);
/// Fails when a value is undefined, with its sentence.
void require_defined(const Value&);

/// Arguments by position or name, null where not given. Fails on additional arguments.
template <std::size_t N>
std::array<const Value*, N> bind(const CallArgs& args, const std::array<std::string_view, N>& names,
                                 std::string_view of) {
  std::array<const Value*, N> bound{};
  if (args.positional.size() > N) {
    fail(std::string(of) + " with at most " + std::to_string(N) + " arguments",
         std::to_string(args.positional.size()));
  }
  for (std::size_t i = 0; i < args.positional.size(); ++i) bound[i] = &args.positional[i];
  for (const auto& [name, value] : args.named) {
    std::size_t i = 0;
    while (i < N && names[i] != name) ++i;
    if (i == N || bound[i]) fail("an argument of " + std::string(of), "'" + name + "'");
    bound[i] = &value;
  }
  return bound;
}
/// A string argument, or the default where it is not given; fails for other types.
const Text& text_argument(const Value*, const Text& otherwise, std::string_view of);
std::int64_t int_argument(const Value*, std::int64_t otherwise, std::string_view of);

}  // namespace ponder::jinja
