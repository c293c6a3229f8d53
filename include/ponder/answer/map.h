// Answer maps: from the text of a reply to the answer that it gives, or to none. A map also says
// what a beginning decides: when every reply that begins like this gives the same answer, a search
// need not look further. Not a law: every reply stays possible, whatever it answers.
// docs/answers.md#maps.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"

namespace ponder {

/// What all replies with the same beginning have in common.
struct Reading {
  bool decided = false;                 // they all give the answer below
  std::optional<std::string> answer{};  // normalised; none: no answer at all
  bool operator==(const Reading&) const = default;
};

/// Threads: any number may use one at the same time.
class PrefixMap {
 public:
  virtual ~PrefixMap() = default;
  /// The answer of a whole reply, normalised: equal answers have equal strings. None: the reply
  /// gives no answer.
  virtual std::optional<std::string> answer(std::string_view reply) const = 0;
  /// What `beginning` decides. It may end within a character. Where it is decided, answer() of
  /// every text that begins so is that answer. An answer that a beginning decides late is no error,
  /// only work.
  virtual Reading read(std::string_view beginning) const = 0;
  /// Can a beginning ever decide anything? False: a search cannot close its tree, draws have to do.
  virtual bool can_decide() const { return true; }
  /// As parse_answer_map reads it.
  virtual std::string name() const = 0;
  /// An answer as people should read it: the text of an option for its letter; elsewhere itself.
  virtual std::string shown(const std::string& answer) const { return answer; }
};

/// One option of a question: what stands for it in a reply, and its own text ("" where none is
/// known).
struct AnswerOption {
  std::string letter{};
  std::string text{};
  bool operator==(const AnswerOption&) const = default;
};

/// The first option that a reply names, by its letter standing alone or by its text. The answer is
/// the option's letter. Errors: kInvalid (fewer than two options, letters or texts that are equal).
Result<std::shared_ptr<const PrefixMap>> make_choice_map(const std::vector<AnswerOption>&);

/// A map by its specification:
///   choice:A-D     the first of these letters that stands alone
///   choice:a|b|c   the first of these texts
///   choice:A=a|B=b the first of these options, by letter or text
///   yesno          the first "yes" or "no"
///   number         \boxed{N}, else "#### N", else the last number
///   number:first   the first number
///   word           the first word
///   line           the first line that is not empty
///   regex:R        the first group of the first match (PCRE2 syntax)
///   phrase:Q       what the reply says that the question Q has not (make_phrase_map)
///   json:/pointer  what a JSON pointer (RFC 6901) finds in the first JSON object or array
/// Errors: kInvalid (an unknown name, with the nearest one; a range that is none; a regular
/// expression that does not compile, or has no group; a pointer that does not begin with "/").
Result<std::shared_ptr<const PrefixMap>> parse_answer_map(std::string_view spec);

/// The first phrase of a reply that its question has not: of the first sentence, the first run of
/// words that neither occur in the question nor are function words; the whole sentence where
/// nothing is left of it.
std::shared_ptr<const PrefixMap> make_phrase_map(std::string_view question);

/// A question that lists its options, taken apart.
struct OptionsQuestion {
  std::string stem{};                   // without the options and the request for a letter
  std::vector<AnswerOption> options{};  // two or more, in order
};
/// Finds options "A) text", "A. text", "(A) text" or "A: text", one a line, letters or digits in
/// order. None: the question lists none.
std::optional<OptionsQuestion> find_options(std::string_view question);

/// The map that suits a question and its first reply (empty: not known yet): its options, yes or
/// no, a number, else the phrase that is new.
std::shared_ptr<const PrefixMap> choose_answer_map(std::string_view question,
                                                   std::string_view first_reply);

}  // namespace ponder
