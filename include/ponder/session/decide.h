// Typed questions on a given text as a request and its answer: one of several labels, yes or no, a
// level of a scale. The labels are scored as replies; nothing is generated. docs/answers.md#decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/session/prompt.h"

namespace ponder {

enum class DecideKind : std::uint8_t {
  kPredicate,  // is something true: Yes or No
  kChoice,     // one of labels without an order
  kScore,      // one of levels in order
};
std::string_view to_string(DecideKind);

/// A possible answer.
struct DecideLabel {
  std::string text{};
  std::string description{};             // for the model, beside the text; may be empty
  std::vector<std::string> spellings{};  // further ways to write it
  std::optional<double> value{};         // of a level; none of any: 0, 1, 2, …
  bool boolean = false;                  // the text is the JSON value true or false
};

struct DecideQuestion {
  DecideKind kind = DecideKind::kPredicate;
  std::optional<std::string> name{};
  std::string instructions{};  // what is asked, or the statement that is judged
  // At least two. Of a predicate none, or two that describe Yes and No.
  std::vector<DecideLabel> labels{};
};

struct DecideRequest {
  Conversation input{};  // what the questions are about
  bool raw = false;      // the texts of the input alone, without the chat template
  std::vector<DecideQuestion> questions{};
  /// Name the labels in the question. Small models do better without, divided by the prior; the
  /// mass is small then.
  bool listed = true;
  /// Also ask about this text in the input's place, and divide by what comes out: what the labels
  /// have before the model has read anything.
  std::optional<std::string> neutral{};
  /// Letter the labels, and average the letters' probabilities over all cyclic orders of the
  /// labels, at most 26.
  bool orders = false;
};
inline constexpr std::string_view kNeutralText = "N/A";
// What is asked where nobody says what.
inline constexpr std::string_view kAskChoice = "Which of these fits it best?";
inline constexpr std::string_view kAskScore = "Which level fits it best?";

struct DecidedQuestion {
  DecideQuestion question{};            // as asked; of a predicate with its two labels
  std::vector<double> probabilities{};  // (n_labels), they sum to 1
  double mass = 0;                      // of all labels together before they were normalised
  std::size_t best = 0;                 // the likeliest label
  std::vector<double> prior{};          // (n_labels) of the neutral text; empty: not asked for
  std::vector<double> letter_bias{};    // (n_labels) probability of letter k, all labels in turn
                                        // behind it; empty: no letters
  // Of a score: mean and standard deviation of the level's value, and the levels between which it
  // lies with probability 0.9, no more than 0.05 on either side.
  double mean = 0, deviation = 0, lower = 0, upper = 0;
};

struct DecideAnswer {
  std::vector<DecidedQuestion> questions{};  // in the order of the request
  std::string model{};                       // name of its file
  std::int64_t input_tokens = 0;             // of all prompts
  std::vector<std::string> notes{};
};

}  // namespace ponder
