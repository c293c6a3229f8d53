// The common part of both halves of the parser: the words with a position, and the parser of
// expressions (parse_expr.cc), which the parser of statements (parse_block.cc) uses.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "jinja/ast.h"
#include "jinja/lexer.h"
#include "jinja/limits.h"

namespace ponder::jinja {

class ExprParser {
 public:
  ExprParser(std::vector<Word> words, const TemplateLimits& limits)
      : words_(std::move(words)), budget_(limits) {}

  ExprPtr expression(bool conditional = true);
  /// a or a, b: an expression, or a tuple without brackets.
  ExprPtr tuple(bool conditional = true);
  /// |name(args)|name… from the first '|' on.
  std::vector<Suffix> filters();
  /// (a, b, name=c)
  Arguments arguments();

 protected:
  const Word& word(std::size_t ahead = 0) const {
    return words_[std::min(at_ + ahead, words_.size() - 1)];
  }
  Word take() { return words_[at_ + 1 < words_.size() ? at_++ : at_]; }
  bool is_op(std::string_view op) const {
    return word().kind == Word::kOperator && word().text == op;
  }
  bool is_name(std::string_view name) const {
    return word().kind == Word::kName && word().text == name;
  }
  bool skip_op(std::string_view op) { return is_op(op) && (take(), true); }
  bool skip_name(std::string_view name) { return is_name(name) && (take(), true); }
  void expect_op(std::string_view op);
  void expect(Word::Kind kind);
  std::string expect_name(std::string_view what);
  [[noreturn]] void fail_here(std::string expected) const;

  Budget& budget() { return budget_; }

 private:
  ExprPtr logic(bool all);
  ExprPtr negation();
  ExprPtr comparison();
  ExprPtr arithmetic(std::initializer_list<std::string_view> ops, ExprPtr (ExprParser::*operand)());
  ExprPtr sum();
  ExprPtr concat();
  ExprPtr product();
  ExprPtr power();
  ExprPtr signed_value();
  ExprPtr unary(bool with_filters);
  ExprPtr primary();
  ExprPtr string_literal();
  ExprPtr brackets();
  ExprPtr mapping();
  ExprPtr postfix(ExprPtr base, bool with_filters);
  Suffix attribute();
  Suffix subscript();
  Suffix test();
  ExprPtr test_operand();
  Suffix filter();

  Suffix suffix(Suffix::Kind kind) const;

  std::vector<Word> words_;
  std::size_t at_ = 0;
  Budget budget_;
};

}  // namespace ponder::jinja
