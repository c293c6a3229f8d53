// The settings that requests of several tasks share, as fields of a JSON object. Each function
// leaves what is not there as it is. Errors of all: kInvalid.
#pragma once

#include "ponder/search/decode.h"
#include "ponder/session/answer.h"
#include "ponder/session/common.h"
#include "ponder/session/specs.h"
#include "ponder/session/think.h"
#include "wire/body.h"

namespace ponder {

/// max_length, target, length, min_length, allow_ids.
Status read_law(Body&, int n_vocab, LawRequest&);
/// temperature, top_k, top_p, min_p, repetition_penalty.
Status read_decode(Body&, DecodeConfig&);
/// "seed": a whole number from 0.
Status read_seed(Body&, std::uint64_t&);
/// A budget as parse_budget reads it, or a number of seconds. `usual`: where there is none.
Status read_budget(Body&, const std::string& key, const std::string& usual, Budget&);
/// terms, length_prior.
Status read_terms(Body&, TermsRequest&);
/// methods, any_length, answer.
Status read_search(Body&, ThinkRequest&);
/// budget_s and patience_s, in seconds, as the bodies of servers have them; and those of
/// read_search.
Status read_think_settings(Body&, ThinkRequest&);
/// answer, way, draws, temperature, distinct, enough.
Status read_answer(Body&, AnswerRequest&);

}  // namespace ponder
