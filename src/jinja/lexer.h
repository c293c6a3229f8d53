// Cuts a template into text and the words of its tags, with Jinja's rules of white space:
// trim_blocks and lstrip_blocks are on and one newline at the end is dropped, the usual settings of
// chat templates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jinja/limits.h"

namespace ponder::jinja {

struct Word {
  enum Kind {
    kText,
    kPrintBegin,
    kPrintEnd,
    kBlockBegin,
    kBlockEnd,
    kName,
    kString,
    kInt,
    kFloat,
    kOperator,
    kEnd
  } kind;
  std::string text;  // for strings, with escapes resolved
  int line = 1;
  std::int64_t integer = 0;
  double number = 0;
};

/// Throws Failure. The last word is kEnd.
std::vector<Word> lex(std::string_view source);

}  // namespace ponder::jinja
