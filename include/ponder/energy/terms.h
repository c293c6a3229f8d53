// Terms of an energy: preferences R over whole replies besides their probability, in nats per unit
// of their weight beta. A hard term forbids the replies that violate it: R is 0 or -inf.
// docs/methods.md#lengths. Not the energy itself (energy.h).
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ponder/density/density.h"
#include "ponder/energy/energy.h"

namespace ponder {

using ReplyTokens = std::span<const Token>;  // end token included

/// Makes a term from any function of one reply and, for proofs, its range over the replies that
/// begin alike (Term::range), where that is known.
std::unique_ptr<Term> make_term(std::string name, std::function<double(ReplyTokens)> value,
                                std::function<TermRange(ReplyTokens begin, int n_most)> range = {});

/// `length`: R = per_token n - ((n - mean) / deviation)^2 / 2, where n counts the end token.
struct LengthPrior {
  double per_token = 0;
  double mean = 0, deviation = std::numeric_limits<double>::infinity();  // tokens
};
std::unique_ptr<Term> make_length_term(const LengthPrior&);

/// `repetition`: R = -(n-grams of the reply that have occurred earlier in it).
std::unique_ptr<Term> make_repetition_term(int n_gram);

/// `copy`: R = -(n-grams of the reply that occur in the prompt).
std::unique_ptr<Term> make_copy_term(std::span<const Token> prompt, int n_gram);

/// `keyword`: R = 1 where the reply's text contains the word. `forbid`: R = -1 where it does.
struct Keyword {
  std::string word;
  bool forbid = false, hard = false;
};
std::unique_ptr<Term> make_keyword_term(Keyword, std::function<std::string(ReplyTokens)> text);

/// `frozen`: R = -(positions of the span at which the reply has another token, or none).
struct FrozenSpan {
  int begin = 0;  // position of the first token
  std::vector<Token> tokens{};
  bool hard = true;
};
std::unique_ptr<Term> make_frozen_term(const FrozenSpan&);

/// `canonical`: R = -1 where the tokenizer, given the reply's text, gives other tokens.
std::unique_ptr<Term> make_canonical_term(std::function<bool(ReplyTokens)> is_canonical, bool hard);

/// A text whose probability the model gives after it has read a reply: R = log p(wanted | context,
/// the reply without its end token, bridge).
struct Continuation {
  PrefixRef context{};          // the term's own prompt, up to the place of the reply
  std::vector<Token> bridge{};  // between the reply and the wanted tokens
  std::vector<Token> wanted{};  // at least one token
};
/// `reply-to-prompt`: the wanted text is the prompt of the reply. The density must outlive the
/// term.
std::unique_ptr<Term> make_reply_to_prompt_term(CausalDensity&, Continuation);
/// `self-verification`: the bridge asks whether the reply is right, and the wanted text is "Yes".
/// The density must outlive the term.
std::unique_ptr<Term> make_self_verification_term(CausalDensity&, Continuation);

}  // namespace ponder
