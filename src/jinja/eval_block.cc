// Statements, scopes and macros. A loop pass, a macro call, a `with` and a block set each have
// their own scope; `if` has none, as in Jinja.
#include <algorithm>

#include "jinja/interpreter.h"

namespace ponder::jinja {

Text Interpreter::run(const Body& program) {
  Text out;
  run_body(program, *root_, out);
  return out;
}

Interpreter::Flow Interpreter::run_body(const Body& body, Scope& scope, Text& out) {
  const Budget::Level level(budget_);
  for (const Node& n : body) {
    if (const Flow f = run_node(n, scope, out); f != Flow::kNext) return f;
  }
  return Flow::kNext;
}

Interpreter::Flow Interpreter::run_node(const Node& n, Scope& scope, Text& out) {
  budget_.work();
  line_ = n.line;
  if (const auto* text = std::get_if<Output>(&n.v)) {
    write(*text->text, out);
  } else if (const auto* print = std::get_if<Print>(&n.v)) {
    write(to_text(eval(*print->value, scope)), out);
  } else if (const auto* branch = std::get_if<If>(&n.v)) {
    return run_if(*branch, scope, out);
  } else if (const auto* loop = std::get_if<For>(&n.v)) {
    return run_for(*loop, scope, out);
  } else if (const auto* set = std::get_if<Set>(&n.v)) {
    run_set(*set, scope);
  } else if (const auto* macro = std::get_if<MacroDef>(&n.v)) {
    define_macro(*macro, scope);
  } else if (const auto* with = std::get_if<With>(&n.v)) {
    const auto inner = std::make_shared<Scope>(scope.shared_from_this());
    for (const auto& [target, e] : with->values) assign(target, eval(*e, scope), *inner);
    return run_body(with->body, *inner, out);
  } else if (const auto* block = std::get_if<FilterBlock>(&n.v)) {
    write(to_text(filtered(body_text(block->body, scope), block->filters, scope)), out);
  } else {
    return std::holds_alternative<Break>(n.v) ? Flow::kBreak : Flow::kContinue;
  }
  return Flow::kNext;
}

Interpreter::Flow Interpreter::run_if(const If& s, Scope& scope, Text& out) {
  for (const auto& [condition, body] : s.branches) {
    if (truthy(eval(*condition, scope))) return run_body(body, scope, out);
  }
  return run_body(s.otherwise, scope, out);
}

Interpreter::Flow Interpreter::run_for(const For& s, Scope& scope, Text& out) {
  std::vector<Value> items = items_of(eval(*s.items, scope));
  if (s.condition) {
    std::vector<Value> kept;
    for (Value& v : items) {
      const auto inner = std::make_shared<Scope>(scope.shared_from_this());
      assign(s.target, v, *inner);
      if (truthy(eval(*s.condition, *inner))) kept.push_back(std::move(v));
    }
    items = std::move(kept);
  }
  bool none = true;  // in Jinja2's sense: no pass has reached its end
  auto loop = std::make_shared<Loop>();
  loop->items = *make_list(std::move(items)).as<ListPtr>();
  for (loop->index = 0; loop->index < loop->items->items.size(); ++loop->index) {
    budget_.work();
    const auto pass = std::make_shared<Scope>(scope.shared_from_this());
    pass->variables["loop"] = {loop};
    assign(s.target, loop->items->items[loop->index], *pass);
    const Flow flow = run_body(s.body, *pass, out);
    if (flow == Flow::kBreak) break;
    none &= flow == Flow::kContinue;
  }
  return none ? run_body(s.otherwise, scope, out) : Flow::kNext;
}

Value Interpreter::body_text(const Body& body, Scope& scope) {
  const auto inner = std::make_shared<Scope>(scope.shared_from_this());
  Text out;
  run_body(body, *inner, out);
  return make_text(std::move(out));
}

Value Interpreter::filtered(Value v, const std::vector<Suffix>& filters, Scope& scope) {
  for (const Suffix& f : filters) v = apply(v, f, scope);
  return v;
}

void Interpreter::run_set(const Set& s, Scope& scope) {
  assign(s.target,
         s.value ? eval(*s.value, scope) : filtered(body_text(s.body, scope), s.filters, scope),
         scope);
}

void Interpreter::assign(const Target& t, const Value& v, Scope& scope) {
  budget_.work();
  if (!t.parts.empty()) {
    const std::vector<Value> items = items_of(v);
    if (items.size() != t.parts.size()) {
      fail(std::to_string(t.parts.size()) + " values to assign", std::to_string(items.size()));
    }
    for (std::size_t i = 0; i < items.size(); ++i) assign(t.parts[i], items[i], scope);
  } else if (t.attribute.empty()) {
    scope.variables[t.name] = v;
  } else {
    const Value target = eval(Name{t.name}, scope);
    require_defined(target);
    const auto* ns = target.as<Namespace*>();
    if (!ns) fail("a namespace to assign an attribute of", std::string(type_name(target)));
    (*ns)->attributes[t.attribute] = v;
  }
}

void Interpreter::define_macro(const MacroDef& m, Scope& scope) {
  if (macro_scopes_.empty() || macro_scopes_.back().get() != &scope) {
    budget_.make(sizeof(Scope));
    macro_scopes_.push_back(scope.shared_from_this());
  }
  Callable c{Callable::kMacro, m.name, nullptr, &m, &scope};
  scope.variables[m.name] = {std::make_shared<const Callable>(std::move(c))};
}

Value Interpreter::call_macro(const Callable& f, const CallArgs& args) {
  const Budget::Level level(budget_);
  const MacroDef& m = *f.macro;
  const auto inner = std::make_shared<Scope>(f.scope->shared_from_this());
  const auto& parameters = m.parameters;
  if (args.positional.size() > parameters.size()) {
    fail(
        "at most " + std::to_string(parameters.size()) + " arguments of the macro '" + m.name + "'",
        std::to_string(args.positional.size()));
  }
  for (std::size_t i = 0; i < args.positional.size(); ++i)
    inner->variables[parameters[i].first] = args.positional[i];
  for (const auto& given : args.named) {
    const std::string& name = given.first;
    const bool known = std::any_of(parameters.begin(), parameters.end(),
                                   [&](const auto& p) { return p.first == name; });
    if (!known || inner->variables.contains(name)) {
      fail("an argument of the macro '" + m.name + "'", "'" + name + "'");
    }
    inner->variables[name] = given.second;
  }
  for (const auto& [name, value] : parameters) {
    if (inner->variables.contains(name)) continue;
    inner->variables[name] =
        value ? eval(*value, *inner) : undefined("the argument '" + name + "' is not given");
  }
  Text out;
  const int line = line_;
  run_body(m.body, *inner, out);
  line_ = line;
  return make_text(std::move(out));
}

}  // namespace ponder::jinja
