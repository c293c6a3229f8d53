// A question for yes or no: the model's own sentence after "Yes," compared with its own after
// "No,", both as replies to the question. A bare "Yes" or "No" says more about the model's habits
// than about the question. docs/answers.md#frame.
#include <array>
#include <cctype>
#include <cmath>
#include <utility>

#include "answer/pieces.h"
#include "ponder/energy/relaxation.h"
#include "ponder/search/decode.h"
#include "session/answerer.h"
#include "text/words.h"

namespace ponder {
namespace {

constexpr int kSentence = 40;  // most tokens

// Bytes of the first sentence; 0: it has no end yet.
std::size_t sentence_end(std::string_view s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '\n') return i;
    const bool stop = s[i] == '.' || s[i] == '!' || s[i] == '?';
    if (stop && (i + 1 == s.size() || kSpaces.find(s[i + 1]) != std::string_view::npos))
      return i + 1;
  }
  return 0;
}

std::string capitalised(std::string_view s) {
  const bool lower = !s.empty() && std::islower(static_cast<unsigned char>(s[0])) != 0;
  return lower ? with_other_case(s) : std::string(s);
}

// The question without its last sentence, where that only asks for yes or no.
std::string without_request(std::string_view question) {
  question = trimmed(question);
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < question.size(); ++i)
    if (std::string_view("?.!\n").find(question[i]) != std::string_view::npos &&
        kSpaces.find(question[i + 1]) != std::string_view::npos)
      begin = i + 1;
  const auto words = words_of(question.substr(begin));
  constexpr std::size_t kMost = 8;
  const auto has = [&](std::string_view w) {
    for (const Word& x : words)
      if (x.text == w) return true;
    return false;
  };
  const bool asks = begin > 0 && words.size() <= kMost && has("yes") && has("no");
  return std::string(trimmed(asks ? question.substr(0, begin) : question));
}

Result<ReplyLaw> sentence_law(const CausalDensity& d) {
  return ReplyLaw::make({.horizon = kSentence}, d.n_vocab(), d.end_tokens());
}

}  // namespace

Result<std::string> Answerer::sentence_after(const PrefixRef& context, std::string_view start) {
  CausalDensity& d = session_.density();
  const TextModel& text = session_.text();
  PONDER_ASSIGN(std::vector<Token> tokens, text.reply({std::string(start)}));
  const Extend ask{.parent = context, .tokens = tokens, .rows = RowSet::kNone};
  Rows rows;
  PONDER_TRY(d.extend({&ask, 1}, rows));
  PONDER_ASSIGN(const ReplyLaw law, sentence_law(d));
  std::string sentence;
  const auto on_token = [&](int, TokenProb v) {
    if (d.is_end(v.token)) return true;
    tokens.push_back(v.token);
    sentence = std::string(trimmed(text.reply_text(tokens).substr(start.size())));
    return sentence_end(sentence) == 0;
  };
  PONDER_TRY(decode(d, rows.end[0], law, {}, 1, prefill_.rest(), on_token));
  if (const std::size_t end = sentence_end(sentence); end > 0) sentence.resize(end);
  return capitalised(trimmed(sentence));
}

Result<bool> Answerer::by_frame() {
  const TextModel& text = session_.text();
  const auto& conversation = std::get<Conversation>(request_.prompt);
  PONDER_ASSIGN(const Prompt p,
                text.prompt(asking(conversation, without_request(prompt_.question))));
  PONDER_ASSIGN(const PrefixRef context, session_.context(p.ids));
  std::array<std::string, 2> sentences;
  std::array<std::vector<Token>, 2> tokens;
  for (const std::size_t i : {0u, 1u}) {
    PONDER_ASSIGN(sentences[i], sentence_after(context, i == 0 ? "Yes," : "No,"));
    PONDER_ASSIGN(tokens[i], text.reply({sentences[i]}));
  }
  if (tokens[0].empty() || tokens[1].empty() || sentences[0] == sentences[1]) return false;
  std::vector<double> logprobs;
  const auto ask = [&](Session& s) -> Status {
    PONDER_ASSIGN(const PrefixRef node, s.context(p.ids));
    PONDER_ASSIGN(const ReplyLaw law, sentence_law(s.density()));
    return make_language_score(s.density(), node, law)->score(tokens, logprobs);
  };
  PONDER_TRY(ask_until_sure(
      ask, [&](double error) { return std::abs(logprobs[0] - logprobs[1]) > 2 * error; }));
  const double odds = logprobs[0] - logprobs[1], yes = 1 / (1 + std::exp(-odds));
  const std::size_t best = odds >= 0 ? 0 : 1;
  std::vector<AnswerMass> answers{{"yes", yes, yes, yes}, {"no", 1 - yes, 1 - yes, 1 - yes}};
  if (best == 1) std::swap(answers[0], answers[1]);
  report_.map = map_->name();
  fill(AnswerWay::kFrame, std::move(answers));
  report_.answers[0].text = sentences[best];
  report_.answers[1].text = sentences[1 - best];
  reply_ = {std::move(tokens[best]), logprobs[best], false};
  return true;
}

}  // namespace ponder
