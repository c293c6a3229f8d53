// From the first reply to a likelier one.
#include <algorithm>

#include "ponder/answer/map.h"
#include "ponder/core/notes.h"
#include "session/prefill.h"

namespace ponder {
namespace {

// Of what a long first reply has left: the share for its answer, and the fewest draws.
constexpr double kAnswerShare = 0.5;
constexpr int kLeastDraws = 4;

// Of each token of a reply, nats.
Result<std::vector<double>> logprobs(CausalDensity& d, const PrefixRef& context,
                                     const ReplyLaw& law, const std::vector<Token>& reply) {
  const Extend ask{.parent = context,
                   .tokens = reply,
                   .rows = RowSet::kTargets,
                   .masks = law.masks(reply.size())};
  Rows rows;
  PONDER_TRY(d.extend({&ask, 1}, rows));
  std::vector<double> out;
  for (const Row& r : rows.rows) out.push_back(r.logprob);
  return out;
}

// Draws that do not agree are no answer: the first one's interval has to lie above the second's.
// Nor are draws of which most were cut, and asked for an answer that they had not come to.
bool is_clear(const AnswerReport& a) {
  if (a.way != AnswerWay::kDraws) return true;
  return 2 * a.asked <= a.draws &&
         (a.answers.size() < 2 || a.answers[0].lower > a.answers[1].upper);
}

// The request for the answer to the same question, drawn from replies about as long as the first;
// none where no short answer is asked for.
std::optional<AnswerRequest> answer_request(const ThinkRequest& r, const Prompt& prompt,
                                            const std::string& first, std::size_t n_tokens) {
  constexpr std::size_t kLeastLength = 40;
  const auto* chat = std::get_if<Conversation>(&r.prompt);
  if (!r.answer || !chat || !r.config.methods.empty()) return {};
  AnswerRequest a{.prompt = r.prompt, .law = r.law, .seed = r.config.first.seed};
  if (!find_options(prompt.question)) {
    a.map = choose_answer_map(prompt.question, first)->name();
    if (a.map != "yesno" && !a.map.starts_with("number")) return {};
  }
  if (a.law.max_length == 0 && a.law.length == 0)
    a.law.max_length = static_cast<int>(std::max(kLeastLength, 3 * n_tokens / 2));
  if (r.config.progress)
    a.on_progress = [&r](const AnswerProgress& p) {
      r.config.progress({.method = "answer", .seconds = p.seconds});
    };
  return a;
}

}  // namespace

Result<ThinkAnswer> Session::think(const ThinkRequest& r) {
  PONDER_TRY(check_methods(r.config.methods));
  PONDER_ASSIGN(Prompt prompt, text_->prompt(r.prompt));
  PONDER_ASSIGN(const ReplyLaw law, r.law.law(kReplyTokens, prompt.ids.size(), *density_));
  ThinkConfig c = r.config;
  // A user's own idea of length leaves no room for like lengths.
  const bool fixed = r.law.length != 0;
  c.like_lengths = !r.any_length && !fixed && r.law.min_length == 0;
  c.fit_horizon = r.law.max_length == 0 && !fixed;
  c.best_first.slack = rounding_error();
  Prefill prefill(*this, r.budget);
  PONDER_TRY(prefill.read(prompt.ids));
  ThinkAnswer a;
  // A think without an answer is still a think.
  const auto keep_answer = [&](const AnswerRequest& ask) {
    if (auto found = answer(ask); found.ok() && is_clear(*found)) a.answer = std::move(*found);
  };
  const double begin = prefill.clock().seconds();
  c.before_long_search = [&](const Reply& first, const Budget& rest) -> Status {
    auto ask = answer_request(r, prompt, text_->reply_text(first.tokens), first.tokens.size());
    if (!ask) return {};
    const Clock clock(*density_, rest);
    ask->budget = clock.rest(kAnswerShare);
    const auto n = static_cast<std::int64_t>(first.tokens.size());
    ask->draws = std::max(kLeastDraws, streams_in_time(prefill.clock().seconds() - begin, n,
                                                       ask->budget, ask->draws));
    keep_answer(*ask);
    return {};
  };
  PONDER_ASSIGN(a.result, ponder::think(*density_, prefill.context(), law, c, prefill.rest()));
  if (!a.answer) {
    const std::vector<Token>& first = a.result.first.tokens;
    auto ask = answer_request(r, prompt, text_->reply_text(first), first.size());
    if (ask && !prefill.clock().over()) {
      ask->budget = prefill.rest();
      keep_answer(*ask);
    }
  }
  a.run = record(law, prefill.clock().cost(), prefill.clock().seconds(), c.first.seed);
  a.first = spelled(a.result.first);
  a.best = spelled(a.result.best);
  if (a.result.also) a.also = spelled(*a.result.also);
  a.notes = std::move(prompt.notes);
  for (std::string& note : notes(a.result, text_->tokenizer(), prompt.question))
    a.notes.push_back(std::move(note));
  if (r.logprobs) {
    auto found = logprobs(*density_, prefill.context(), law, a.best.tokens);
    // A search that was cut short may have no pass left for them.
    if (!found.ok() && found.error().code != Code::kCancelled) return found.error();
    if (found.ok()) a.best_logprobs = std::move(*found);
  }
  return a;
}

}  // namespace ponder
