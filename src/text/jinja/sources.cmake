# The chat templates of src/text: the interpreter, and ponder/chat.h on top of it.
set(JINJA_SOURCES
  chat.cc jinja/access.cc jinja/arithmetic.cc jinja/eval_block.cc jinja/eval_expr.cc jinja/eval_value.cc
  jinja/filters_list.cc jinja/filters_text.cc jinja/from_json.cc jinja/functions.cc jinja/json.cc jinja/lexer.cc
  jinja/methods.cc jinja/parse_block.cc jinja/parse_expr.cc jinja/strings.cc jinja/tests.cc jinja/value.cc)
