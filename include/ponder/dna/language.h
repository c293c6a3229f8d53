// A score of token strings, such as log p under a language model, as a term of DNA: each letter is
// one token of the model's vocabulary. Not the model (model.h) and not its score
// (make_language_score in relaxation.h).
#pragma once

#include <array>
#include <memory>
#include <string>

#include "ponder/dna/terms.h"
#include "ponder/model/tokenizer.h"

namespace ponder::dna {

/// The tokens of A, C, G and T.
using LetterTokens = std::array<Token, kLetters>;
/// Finds the tokens whose text is one capital letter; ordinary tokens come before byte tokens, then
/// the smallest id is taken. Errors: kUnsupported (a letter that no token spells).
Result<LetterTokens> letter_tokens(const Tokenizer&, const std::string& where);

/// R of a sequence is the score of its letters' tokens, one a position; R of a mixture of letters
/// is the score of the mixture of tokens. At most `at_once` sequences are scored in one batch.
/// Errors: those of the score.
std::unique_ptr<LetterTerm> make_score_term(std::string name, std::unique_ptr<SoftScore>,
                                            const LetterTokens&, int at_once);

}  // namespace ponder::dna
