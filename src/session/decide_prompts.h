// How a typed question is put to a model, and how its labels are spelled. Words only: what they
// weigh is decide.cc's affair.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ponder/answer/labels.h"
#include "ponder/session/decide.h"
#include "ponder/session/text_model.h"

namespace ponder {

/// A predicate gets its two labels, unless it has their descriptions. Errors: kInvalid (fewer than
/// two labels, more than there are letters, texts that are empty or equal, values that not all
/// levels have or that do not rise); `where`: the question, for messages.
Result<DecideQuestion> completed(const DecideQuestion&, bool orders, const std::string& where);

/// The labels as they stand in the prompt of cyclic order `shift`: label (k + shift) mod n is the
/// k-th.
std::vector<DecideLabel> shifted(const std::vector<DecideLabel>&, std::size_t shift);

/// The prompt that asks it. `about`: stands for the input, of which only the system's messages
/// stay. Errors: those of TextModel::prompt.
Result<Prompt> question_prompt(const TextModel&, const DecideRequest&, const DecideQuestion&,
                               const std::string* about);

/// The texts that stand for a label at the beginning of a reply to the prompt: as it is and with
/// its first letter in the other case, each also after a space where the prompt ends without one.
/// What another label is called stands for that one alone; a text that the tokenizer cannot spell
/// whole is left out.
std::vector<SpelledLabel> spelled_labels(const TextModel&, const Prompt&,
                                         const std::vector<DecideLabel>&);
/// The same of the letters A, B, C, …
std::vector<SpelledLabel> spelled_letters(const TextModel&, const Prompt&, std::size_t n);

}  // namespace ponder
