// Draws that were cut before they gave an answer are asked for it: in a second turn, after what
// they have said. A draw's answer is then a distribution over all answers that are known, not a
// vote. This is the law of "think, then answer on demand", another one than that of whole replies;
// reports say how many draws were asked. docs/answers.md#cue.
#include <algorithm>
#include <map>
#include <utility>

#include "answer/shares.h"
#include "ponder/answer/labels.h"
#include "ponder/search/decode.h"
#include "session/answerer.h"
#include "session/decide_prompts.h"

namespace ponder {
namespace {

constexpr std::string_view kCue = "Stop there. Give only the final answer, without explanation.";
constexpr int kAnswerTokens = 16;  // most of an answer on demand

// Answers that can be spelled from their normal form. Phrases and lines have lost case and marks.
bool has_short_answers(const PrefixMap& map) {
  const std::string name = map.name();
  return name.starts_with("number") || name.starts_with("choice:") || name == "yesno";
}

struct CutDraw {
  Prompt prompt{};  // that asks for its answer
  PrefixRef node{};
};

}  // namespace

// Greedy, up to where the map has its answer.
Result<std::optional<std::string>> Answerer::answer_on_demand(const PrefixRef& node) {
  CausalDensity& d = session_.density();
  PONDER_ASSIGN(const ReplyLaw law,
                ReplyLaw::make({.horizon = kAnswerTokens}, d.n_vocab(), d.end_tokens()));
  std::vector<Token> tokens;
  const auto on_token = [&](int, TokenProb v) {
    if (!d.is_end(v.token)) tokens.push_back(v.token);
    return !map_->read(session_.text().reply_text(tokens)).decided;
  };
  PONDER_TRY(decode(d, node, law, {}, 1, prefill_.rest(), on_token));
  return map_->answer(session_.text().reply_text(tokens));
}

Status Answerer::ask_cut_draws(DrawnAnswers& d) {
  const auto* conversation = std::get_if<Conversation>(&request_.prompt);
  if (!conversation || !has_short_answers(*map_)) return {};
  std::vector<const Reply*> cut;
  for (std::size_t i = 0; i < d.replies.size(); ++i)
    if (!d.given[i] && !d.replies[i].ended) cut.push_back(&d.replies[i]);
  for (const Reply& r : d.unfinished) cut.push_back(&r);
  if (cut.empty()) return {};

  std::map<std::string, double> votes;
  for (const AnswerMass& a : d.answers) votes[a.answer] = a.mass * d.n;
  std::vector<CutDraw> asked;
  for (const Reply* r : cut) {
    if (prefill_.clock().over()) break;
    Conversation c = *conversation;
    c.messages.push_back({"assistant", session_.text().reply_text(r->tokens)});
    c.messages.push_back({"user", std::string(kCue)});
    CutDraw draw;
    PONDER_ASSIGN(draw.prompt, session_.text().prompt(c));
    auto node = session_.density().add_context(draw.prompt.ids);
    if (!node.ok()) break;  // the context has no room for a second turn
    draw.node = std::move(*node);
    PONDER_ASSIGN(const auto answer, answer_on_demand(draw.node));
    if (answer) votes.try_emplace(*answer, 0);
    asked.push_back(std::move(draw));
  }
  std::vector<DecideLabel> candidates;
  for (const auto& [answer, n] : votes) candidates.push_back({.text = answer});
  std::vector<LabelsQuestion> questions;
  for (const CutDraw& a : asked)
    questions.push_back({a.node, spelled_labels(session_.text(), a.prompt, candidates)});
  if (candidates.empty()) questions.clear();  // no answer is known, and none was given
  for (const auto& masses : label_masses(session_.density(), questions)) {
    if (!masses.ok()) return masses.status();
    for (std::size_t i = 0; i < candidates.size(); ++i)
      votes[candidates[i].text] += masses->probabilities[i];
  }
  // Draws that were cut at the horizon count already, as draws without an answer.
  const std::size_t at_horizon = cut.size() - d.unfinished.size();
  d.n += static_cast<int>(asked.size() - std::min(asked.size(), at_horizon));
  if (d.n == 0) return {};  // nothing was drawn, or there was no time to ask
  d.answers = shares_of(votes, d.n);
  d.none = 1;
  for (const auto& [answer, k] : votes) d.none = std::max(0., d.none - k / d.n);
  report_.asked = static_cast<int>(asked.size());
  return {};
}

}  // namespace ponder
