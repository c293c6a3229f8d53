// The JSON library, and the helpers that reading and writing share. Private: only this folder uses
// the library.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ponder/core/status.h"
#include "ponder/session/answer.h"
#include "ponder/session/common.h"
#include "ponder/session/text_model.h"
#include "ponder/session/think.h"

namespace ponder {

using Json = nlohmann::ordered_json;

/// The JSON text on one line. Invalid UTF-8 is replaced.
inline std::string text_of(const Json& j) {
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}
/// Parses a text. If the library throws, the error is `broken`, with the library's message as
/// `got`. The library builds and prints values by recursion, so nesting beyond 64 levels is an
/// error at `where` (the schema of a tool has 20 levels and more).
Result<Json> parse_json(std::string_view text, Error broken, const std::string& where);
/// Reads what a record of a proof says about its subject; all such records share these keys. Throws
/// the library's exceptions on missing keys and wrong types. Errors: kInvalid (an unknown target).
Result<ProofSubject> read_subject(const Json&, const std::string& where);
/// Returns true if every number in the value fits in an int. The library converts without a check.
bool fits_int(const Json&);
/// A number, or null for infinities and NaN, which JSON lacks.
Json number(double);

Json cost_json(const Cost&, double seconds);
Json certificate_json(const Certificate&);
/// Keys: reply, reply_ids, logprob, n_tokens, ended, repetition, canonical.
Json reply_json(const SpelledReply&);
/// What is known of an answer: answer, mass, lower, upper and so on, without the reply that shows
/// it.
Json answer_json(const AnswerReport&);
/// All that is known of a search.
Json think_json(const ThinkAnswer&);
/// The same, with "tokens" beside its reply: the text and log p of each, where that is known.
Json think_record_json(const ThinkAnswer&, const TextModel&);
/// Keys: reply, reply_ids, logprob.
Json short_json(const SpelledReply&);
/// Adds the other keys that every answer has: target, cost, seed, precision, model, version.
void add_run(Json&, const RunRecord&);
/// Adds "notes" if there are any.
void add_notes(Json&, const Answer&);

}  // namespace ponder
