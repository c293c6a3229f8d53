// Labels: the probability that a reply begins with one of a few given answers, of any length, each
// written in any number of ways. A sum over its spellings, in which no reply counts twice; never a
// mean over tokens, which would prefer long labels. Not an answer map (map.h): the labels are token
// strings, and nothing is generated. docs/answers.md#decide.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/density/density.h"

namespace ponder {

/// One way to write a label: the first tokens of a reply.
struct LabelSpelling {
  std::vector<Token> tokens{};
  bool ends = false;  // only replies that end there, in any end token
  bool operator==(const LabelSpelling&) const = default;
};

struct SpelledLabel {
  std::string name{};
  std::vector<LabelSpelling> spellings{};
};

/// Which of its labels a reply to the context begins with. A reply that begins with spellings of
/// several has the label of the longest: "Guinea" is "Guinea Bissau" no longer once "Bissau"
/// follows. Of the same label, a spelling that goes on from another one adds nothing.
struct LabelsQuestion {
  PrefixRef context{};
  std::vector<SpelledLabel> labels{};
};

struct LabelMasses {
  std::vector<double> log_masses{};     // (n_labels) nats; -inf: other labels have all of it
  std::vector<double> probabilities{};  // (n_labels) the masses divided by their sum
  double mass = 0;                      // of all labels together, in [0, 1]
};

/// One result a question: one that is wrong takes no other with it. A mass is a function of the
/// context and the labels alone, bit for bit, whatever other questions are asked beside it. The
/// spellings are scored on the node of the context, in passes of bounded size, so that their number
/// has no limit. Errors: kInvalid (no label; a label without a name or a spelling; two labels with
/// the same name or the same spelling; an empty spelling; token ids out of range; a context and
/// spelling that are longer than n_ctx), kNumeric (no label has a probability), those of the
/// density.
std::vector<Result<LabelMasses>> label_masses(CausalDensity&, std::span<const LabelsQuestion>);

}  // namespace ponder
