// The probability of each answer: the mass of all replies that give it. By enumeration, with bounds
// that hold and a proof where they close; by draws, with intervals. Sum first, choose after: the
// answer of the likeliest reply may not be the likeliest answer. docs/answers.md.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ponder/answer/map.h"
#include "ponder/density/density.h"
#include "ponder/density/law.h"
#include "ponder/search/decode.h"
#include "ponder/search/search.h"

namespace ponder {

/// The text of tokens, control tokens left out: as a tokenizer decodes the beginning of a reply.
using Spell = std::function<std::string(std::span<const Token>)>;

/// A beginning that decides its answer, or a whole reply.
struct ClosedPrefix {
  std::vector<Token> tokens{};          // its end token included, where it has one
  double logprob = 0;                   // nats
  std::optional<std::string> answer{};  // none: no answer
};

struct AnswerMass {
  std::string answer{};
  double mass = 0;              // probability found, or share of draws
  double lower = 0, upper = 1;  // bounds that hold (enumeration), or an interval of 95 % (draws)
};

/// What an enumeration knows. L(a) <= pi(a) <= L(a) + open for every answer a, also for those that
/// have not been met.
struct Posterior {
  std::vector<AnswerMass> answers{};  // largest mass first; ties by the answer
  double none = 0;                    // mass of replies without an answer, as far as found
  double open = 1;                    // mass of which the answer is not known
  bool proved = false;                // the first answer has more mass than any other can have
  // largest mass first; no one begins another. Those of less than 1e-7 count, and are left out.
  std::vector<ClosedPrefix> closed{};
  std::int64_t expanded = 0;  // prefixes
};

struct EnumerationConfig {
  int batch = 64;                         // most prefixes expanded in one pass
  int max_children = 256;                 // longest child list; the rest waits as one entry
  std::int64_t max_frontier = 1'000'000;  // entries that wait; what finds no room stays open
  double open_enough = 1;                 // goes on after the proof until no more than this is open
  std::function<void(const Posterior&)> progress{};  // now and then, without `closed`
};

/// Best-first by mass over the tree of prefixes; a prefix that decides its answer is closed: its
/// mass is counted, what is below it is not looked at. A reply that is cut at the horizon before it
/// has decided an answer has none. Ends with the proof, when nothing is open, or with the budget.
/// Errors: kInvalid (a setting out of range), those of the density; a lack of room is none.
Result<Posterior> enumerate_answers(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                    const PrefixMap&, const Spell&, const EnumerationConfig&,
                                    const Budget&);

/// What is written down of a proof: that `answer` has more mass than any other, by prefixes that
/// are closed and whose masses are enough for it.
struct AnswerStatement {
  std::string answer{};
  std::vector<ClosedPrefix> closed{};
};
/// The fewest closed prefixes, the heaviest first, that prove the first answer with `error` nats of
/// doubt in each log-probability. None: they do not prove it.
std::optional<AnswerStatement> state_answer(const Posterior&, double error);

struct AnswerCheck {
  bool holds = false;
  std::string why{};  // where it does not hold
  double lower = 0;   // mass of the answer, at least
  double others = 1;  // mass of the strongest other answer, at most, with all that is open
};
/// Checks a statement without the search that made it: that the prefixes are of the law and none
/// begins another, that each decides its answer, and that their masses, scored anew and each taken
/// `error` nats too low or too high, leave no other answer as much. Errors: those of the density.
Result<AnswerCheck> check_answer(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                 const PrefixMap&, const Spell&, const AnswerStatement&,
                                 double error);

struct DrawsConfig {
  int n = 16;  // most draws
  DecodeConfig decode{.temperature = 1};
  double enough = 0.95;  // stop when the leader stays ahead with this probability; 1: never
  int batch = 16;        // replies drawn side by side; changes no result
  std::function<void(const std::vector<AnswerMass>&, int n)> progress{};
};
struct DrawnAnswers {
  std::vector<AnswerMass> answers{};  // share of the n draws, Wilson's interval of 95 %
  double none = 0;                    // share of replies without an answer
  int n = 0;                          // draws that count
  bool settled = false;               // the leader stays ahead with probability `enough`
  std::vector<Reply> replies{};       // the n draws, in order, as far as their answers needed them
  std::vector<std::optional<std::string>> given{};  // (n) their answers
  std::vector<Reply> unfinished{};                  // draws that the budget cut; they do not count
};
/// Frequencies of answers among draws; at temperature 1 an unbiased estimate of the posterior. The
/// draws are those of decode() with the same seed, and the first n of them count: n is the first at
/// which the two leading answers settle it (a Beta posterior of their counts; Aggarwal et al.
/// 2023). A draw ends when it has decided its answer; one that is cut before has none. Errors:
/// kInvalid, those of decode.
Result<DrawnAnswers> draw_answers(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                  const PrefixMap&, const Spell&, const DrawsConfig&,
                                  const Budget&);

struct DistinctDrawsConfig {
  int n = 16;              // most draws
  double temperature = 1;  // above 0
  std::uint64_t seed = 0;
  int batch = 16;  // most prefixes fed in one pass; changes no result
  std::function<void(const std::vector<AnswerMass>&, int n)> progress{};
};
/// Draws of which no two are the same. Let q(x) be the probability of a draw x under the law of the
/// draws, of a beginning that has decided its answer that of all replies below it.
struct DistinctAnswers : DrawnAnswers {
  // (n) q(x) over the probability of being among the draws (given the threshold, the largest
  // perturbed log-probability that is not): summed over an answer, an unbiased estimate of its
  // mass. These sums add up to 1 only on average, and are not the shares in `answers`.
  std::vector<double> weights{};
  std::vector<double> masses{};  // (n) q(x)
  double total = 0;              // of all weights, those of unfinished draws included
  double found = 0;              // sum of masses; 1 - found has not been drawn
  double open = 0;               // share of draws that the budget cut
};
/// Stochastic beam search: the n replies with the largest perturbed log-probabilities, which are n
/// draws without replacement (Kool, van Hoof, Welling 2019, "Stochastic Beams and Where to Find
/// Them"), with their weights (section 4.2). A draw ends when it has decided its answer; one that
/// is cut at the horizon before has none; of the law at a temperature, as draw_answers. The masses
/// of answers in `answers` are normalised: what was found counts as itself, and 1 - found is
/// divided like the weights less the masses, so that a mass is never below what was found of it.
/// Bounds are an interval of 95 % within those that hold under the law of the draws, mass found and
/// mass found + not drawn. `settled`: by the latter, no other answer has as much. `replies` come
/// in falling order of their perturbed log-probability; fewer than n where there are no more. All
/// draws grow side by side, token by token. Errors: kInvalid, those of the density.
Result<DistinctAnswers> draw_distinct_answers(CausalDensity&, const PrefixRef& context,
                                              const ReplyLaw&, const PrefixMap&, const Spell&,
                                              const DistinctDrawsConfig&, const Budget&);

/// Wilson's score interval for k of n, with z standard deviations (1927).
struct Interval {
  double lower = 0, upper = 1;
};
Interval wilson(double k, double n, double z = 1.959963984540054);

}  // namespace ponder
