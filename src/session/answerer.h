// One question on its way to an answer: the ways, and the report that they fill. Session::answer is
// its only user.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ponder/session/answer.h"
#include "session/prefill.h"

namespace ponder {

class Answerer {
 public:
  /// Reads request and prompt. The session and the request must outlive it. Errors: those of
  /// Session::answer.
  static Result<std::unique_ptr<Answerer>> make(Session&, const AnswerRequest&);
  /// Tries the ways that the request allows, in their order.
  Status run();
  /// Run and notes are left to the session.
  AnswerReport report() { return std::move(report_); }
  /// The reply that shows the answer; empty: none is at hand.
  Reply reply() { return std::move(reply_); }
  /// log p a token of the beginning of the greedy reply, nats.
  Result<double> greedy_log_prob();
  const Prefill& prefill() const { return prefill_; }
  Prompt& prompt() { return prompt_; }
  const ReplyLaw& law() const;  // of the way that was taken
  const PrefixMap& map() const { return *map_; }
  /// What was proved, where the request wants it written down.
  std::optional<AnswerStatement> statement() { return std::move(statement_); }

 private:
  Answerer(Session& s, const AnswerRequest& r, Prompt p, ReplyLaw search_law, ReplyLaw draw_law)
      : session_(s),
        request_(r),
        prompt_(std::move(p)),
        search_law_(std::move(search_law)),
        draw_law_(std::move(draw_law)),
        prefill_(s, r.budget) {}

  Status read_prompt();
  Status choose_map();
  Status by_options(const OptionsQuestion&);
  Result<std::vector<double>> option_scores(Session&, const OptionsQuestion&) const;
  /// Asks this session; and where is_first(error in nats) cannot say which answer is first, and
  /// there is time and room, again the model in f32. Sets report_.proved.
  Status ask_until_sure(const std::function<Status(Session&)>& ask,
                        const std::function<bool(double)>& is_first);
  /// False: the model has no two sentences to compare.
  Result<bool> by_frame();
  Result<std::string> sentence_after(const PrefixRef& context, std::string_view start);
  Status by_enumeration(const Budget&);
  /// Enumerates, too; keeps what was drawn where that proves nothing. `work`: of the draws, TFE.
  Status prove_what_was_drawn(std::int64_t work);
  Status by_draws();
  Result<DrawnAnswers> draw();
  Result<DrawnAnswers> draw_distinct();
  Result<std::optional<std::string>> answer_on_demand(const PrefixRef&);
  /// Adds what draws that were cut say when they are asked: to answers, none and n.
  Status ask_cut_draws(DrawnAnswers&);

  bool allows(AnswerWay w) const { return request_.way == AnswerWay::kAuto || request_.way == w; }
  Spell spell() const;
  void tell(AnswerWay, std::span<const AnswerMass>, double open, int draws) const;
  void fill(AnswerWay, std::vector<AnswerMass>);
  Result<Reply> finished(Reply begin, const ReplyLaw&);
  Result<Reply> whole_draw(int number);
  Result<std::optional<AnswerStatement>> settled(const Posterior&) const;

  Session& session_;
  const AnswerRequest& request_;
  Prompt prompt_;
  ReplyLaw search_law_, draw_law_;
  Prefill prefill_;
  bool is_read_ = false;
  std::shared_ptr<const PrefixMap> map_;
  AnswerReport report_;
  Reply reply_;
  std::optional<AnswerStatement> statement_;
};

/// The conversation with another last question.
Conversation asking(Conversation, std::string_view question);

/// Which of the draws shows an answer: the likeliest of its class that is no shorter than the
/// median of the class; -1: none gives it.
int shown_draw(const DrawnAnswers&, const std::string& answer);

}  // namespace ponder
