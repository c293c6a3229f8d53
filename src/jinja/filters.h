// The tables of filters, one a file: on text (filters_text.cc), on lists (filters_list.cc), and
// tojson (json.cc).
#pragma once

#include <map>
#include <string_view>

#include "jinja/interpreter.h"

namespace ponder::jinja {

using Filter = Value (*)(Interpreter&, const Value&, const CallArgs&);
using FilterTable = std::map<std::string_view, Filter>;

const FilterTable& text_filters();
const FilterTable& list_filters();
Value to_json(Interpreter&, const Value&, const CallArgs&);

}  // namespace ponder::jinja
