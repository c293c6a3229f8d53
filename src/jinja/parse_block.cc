// Statements: text, {{ … }} and the tags that ponder runs. The error names any other tag.
#include <algorithm>

#include "jinja/parser.h"
#include "jinja/parser_words.h"

namespace ponder::jinja {
namespace {

constexpr std::size_t kMaxSource = 1u << 20;  // bytes; real templates have 100 to 30,000

class BlockParser : public ExprParser {
 public:
  using ExprParser::ExprParser;

  Body program() {
    Body out;
    body(out, {});
    return out;
  }

 private:
  using Ends = std::initializer_list<std::string_view>;

  // Parses statements up to the tag that ends them, reads the tag's name and returns it. No ends:
  // up to the end of the template.
  std::string body(Body& out, Ends ends) {
    const Budget::Level level(budget());
    while (true) {
      const int line = word().line;
      switch (word().kind) {
        case Word::kEnd:
          if (ends.size() != 0) fail_here("{% " + std::string(*(ends.end() - 1)) + " %}");
          return "";
        case Word::kText: {
          auto text = std::make_shared<Text>();
          text->append(take().text);
          out.push_back({line, Output{std::move(text)}});
          break;
        }
        case Word::kPrintBegin:
          take();
          out.push_back({line, Print{tuple()}});
          expect(Word::kPrintEnd);
          break;
        default:
          take();  // kBlockBegin
          std::string name = expect_name("the name of a tag");
          if (std::find(ends.begin(), ends.end(), name) != ends.end()) return name;
          statement(name, line, ends, out);
      }
    }
  }

  // Parses a body that ends with one tag.
  Body body_until(std::string_view end) {
    Body b;
    expect(Word::kBlockEnd);
    body(b, {end});
    expect(Word::kBlockEnd);
    return b;
  }

  void statement(const std::string& name, int line, Ends ends, Body& out) {
    if (name == "if") {
      out.push_back({line, if_statement()});
    } else if (name == "for") {
      out.push_back({line, for_statement()});
    } else if (name == "set") {
      out.push_back({line, set_statement()});
    } else if (name == "macro") {
      out.push_back({line, macro()});
    } else if (name == "with") {
      out.push_back({line, with_statement()});
    } else if (name == "filter") {
      out.push_back({line, filter_block()});
    } else if (name == "generation") {  // marks the model's text for training; a plain block here
      out.push_back({line, With{{}, body_until("endgeneration")}});
    } else if (name == "break" || name == "continue") {
      if (n_loops_ == 0) fail("'" + name + "' inside a loop", "one outside", line);
      if (name == "break") {
        out.push_back({line, Break{}});
      } else {
        out.push_back({line, Continue{}});
      }
      expect(Word::kBlockEnd);
    } else if (name.starts_with("end") || name == "else" || name == "elif") {
      fail(ends.size() ? "{% " + std::string(*(ends.end() - 1)) + " %}" : "the end of the template",
           "{% " + name + " %}", line);
    } else {
      unsupported("{% " + name + " %}", line);
    }
  }

  If if_statement() {
    If s;
    std::string end;
    do {
      ExprPtr condition = tuple(false);
      expect(Word::kBlockEnd);
      s.branches.emplace_back(std::move(condition), Body());
      end = body(s.branches.back().second, {"elif", "else", "endif"});
    } while (end == "elif");
    if (end == "else") {
      expect(Word::kBlockEnd);
      body(s.otherwise, {"endif"});
    }
    expect(Word::kBlockEnd);
    return s;
  }

  For for_statement() {
    For s;
    s.target = target(true);
    if (!skip_name("in")) fail_here("'in'");
    s.items = tuple(false);
    if (skip_name("if")) s.condition = expression();
    if (is_name("recursive")) unsupported("a recursive loop", word().line);
    expect(Word::kBlockEnd);
    ++n_loops_;
    const std::string end = body(s.body, {"else", "endfor"});
    --n_loops_;
    expect(Word::kBlockEnd);
    if (end == "else") {
      body(s.otherwise, {"endfor"});
      expect(Word::kBlockEnd);
    }
    return s;
  }

  Set set_statement() {
    Set s;
    s.target = target(true);
    if (skip_op("=")) {
      s.value = tuple();
      expect(Word::kBlockEnd);
    } else {
      s.filters = filters();
      s.body = body_until("endset");
    }
    return s;
  }

  MacroDef macro() {
    MacroDef m;
    m.name = expect_name("the name of a macro");
    expect_op("(");
    while (!skip_op(")")) {
      std::string name = expect_name("the name of an argument");
      const bool has_default = skip_op("=");
      if (!has_default && !m.parameters.empty() && m.parameters.back().second)
        fail_here("'=' and a default value");
      m.parameters.emplace_back(std::move(name), has_default ? expression() : nullptr);
      if (!is_op(")")) expect_op(",");
    }
    // `break` in a macro does not leave its caller's loop
    const int outer_loops = std::exchange(n_loops_, 0);
    m.body = body_until("endmacro");
    n_loops_ = outer_loops;
    return m;
  }

  With with_statement() {
    With s;
    while (word().kind != Word::kBlockEnd) {
      Target t = target(false);
      expect_op("=");
      s.values.emplace_back(std::move(t), expression());
      if (word().kind != Word::kBlockEnd) expect_op(",");
    }
    s.body = body_until("endwith");
    return s;
  }

  FilterBlock filter_block() {
    FilterBlock s;
    Suffix first;
    first.kind = Suffix::kFilter;
    first.line = word().line;
    first.name = expect_name("the name of a filter");
    if (is_op("(")) first.args = arguments();
    s.filters = filters();
    s.filters.insert(s.filters.begin(), std::move(first));
    s.body = body_until("endfilter");
    return s;
  }

  // Parses name, name.attribute, (a, b) and, where a tuple is allowed, a, b without brackets.
  Target target(bool may_be_tuple) {
    const Budget::Level level(budget());
    Target t;
    if (skip_op("(")) {
      t = target(true);
      expect_op(")");
    } else {
      t.name = expect_name("a name to assign to");
      if (skip_op(".")) t.attribute = expect_name("the name of an attribute");
    }
    if (!may_be_tuple || !is_op(",")) return t;
    Target all;
    all.parts.push_back(std::move(t));
    while (skip_op(",") && !is_op(")") && !is_op("=") && !is_name("in"))
      all.parts.push_back(target(false));
    return all;
  }

  int n_loops_ = 0;  // loops around this position
};

}  // namespace

Body parse(std::string_view source, const TemplateLimits& limits) {
  if (source.size() > kMaxSource) {
    throw Failure{Code::kResource, "a template of at most 1048576 bytes",
                  std::to_string(source.size()) + " bytes", 1};
  }
  return BlockParser(lex(source), limits).program();
}

}  // namespace ponder::jinja
