// The JSON library and what both directions share. Private: only this folder knows the library.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ponder/core/status.h"
#include "ponder/session/common.h"

namespace ponder {

using Json = nlohmann::ordered_json;

/// One line; broken UTF-8 is replaced.
inline std::string text_of(const Json& j) {
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}
/// Parses a text. What the library throws becomes `broken`, whose `got` takes its words; it builds
/// and prints values by recursion, so nesting beyond 64 levels (the schema of a tool has 20 and
/// more) is an error, too, at `where`.
Result<Json> parse_json(std::string_view text, Error broken, const std::string& where);
/// What a record of a proof says of its subject, under the keys that all records share. Throws the
/// library's exceptions on missing keys and wrong types. Errors: kInvalid (an unknown target).
Result<ProofSubject> read_subject(const Json&, const std::string& where);
/// Can every number in it be converted to an int? The library converts without a look.
bool fits_int(const Json&);
/// JSON has neither infinities nor NaN: null.
Json number(double);

Json cost_json(const Cost&, double seconds);
Json certificate_json(const Certificate&);
/// reply, reply_ids, logprob, n_tokens, ended, repetition, canonical.
Json reply_json(const SpelledReply&);
/// reply, reply_ids, logprob.
Json short_json(const SpelledReply&);
/// target, cost, seed, precision, model, version: the rest of what every answer has.
void add_run(Json&, const RunRecord&);
/// "notes", only where there are any.
void add_notes(Json&, const Answer&);

}  // namespace ponder
