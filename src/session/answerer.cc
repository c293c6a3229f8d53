// The order of the ways, and enumeration; draws are in answer_draws.cc, options in
// answer_options.cc.
#include "session/answerer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ponder/search/decode.h"

namespace ponder {
namespace {

constexpr double kSearchShare = 0.3;  // of the budget that is left: of an enumeration after draws

constexpr std::array<std::string_view, 5> kWays{"auto", "options", "frame", "enumeration", "draws"};

}  // namespace

Conversation asking(Conversation c, std::string_view question) {
  const auto last = std::find_if(c.messages.rbegin(), c.messages.rend(),
                                 [](const ChatMessage& m) { return m.role == "user"; });
  if (last != c.messages.rend()) last->content = std::string(question);
  return c;
}

std::string_view to_string(AnswerWay w) { return kWays[static_cast<std::size_t>(w)]; }

std::optional<AnswerWay> parse_answer_way(std::string_view name) {
  for (std::size_t i = 0; i < kWays.size(); ++i)
    if (kWays[i] == name) return static_cast<AnswerWay>(i);
  return std::nullopt;
}

Result<std::unique_ptr<Answerer>> Answerer::make(Session& s, const AnswerRequest& r) {
  PONDER_ASSIGN(Prompt prompt, s.text().prompt(r.prompt));
  const std::size_t n = prompt.ids.size();
  PONDER_ASSIGN(ReplyLaw search_law, r.law.law(kSearchTokens, n, s.density()));
  PONDER_ASSIGN(ReplyLaw draw_law, r.law.law(kReplyTokens, n, s.density()));
  std::unique_ptr<Answerer> a(
      new Answerer(s, r, std::move(prompt), std::move(search_law), std::move(draw_law)));
  if (r.map != "auto") {
    PONDER_ASSIGN(a->map_, parse_answer_map(r.map));
    if (r.way == AnswerWay::kEnumeration && !a->map_->can_decide())
      return Error{Code::kInvalid, "an answer map that a beginning can decide, for an enumeration",
                   r.map, "--answer", "number:first can be decided; draws take any map"};
  }
  return a;
}

const ReplyLaw& Answerer::law() const {
  return report_.way == AnswerWay::kDraws ? draw_law_ : search_law_;
}

Spell Answerer::spell() const {
  return [&t = session_.text()](std::span<const Token> tokens) { return t.reply_text(tokens); };
}

Status Answerer::ask_until_sure(const std::function<Status(Session&)>& ask,
                                const std::function<bool(double)>& is_first) {
  PONDER_TRY(ask(session_));
  report_.proved = is_first(session_.rounding_error());
  if (report_.proved || prefill_.clock().over()) return {};
  const auto exact = session_.exact();
  if (!exact.ok() || *exact == &session_) return {};
  PONDER_TRY(ask(**exact));
  report_.proved = is_first(kErrorF32);
  return {};
}

void Answerer::tell(AnswerWay way, std::span<const AnswerMass> answers, double open,
                    int draws) const {
  if (!request_.on_progress) return;
  AnswerProgress now{
      .way = way, .open = open, .draws = draws, .seconds = prefill_.clock().seconds()};
  if (!answers.empty()) {
    now.leader = map_->shown(answers[0].answer);
    now.mass = answers[0].mass;
  }
  request_.on_progress(now);
}

void Answerer::fill(AnswerWay way, std::vector<AnswerMass> answers) {
  report_.way = way;
  report_.answers.clear();
  for (AnswerMass& m : answers) {
    m.answer = map_->shown(m.answer);
    report_.answers.push_back({std::move(m)});
  }
  if (report_.answers.empty()) return;
  const AnswerMass& first = report_.answers[0];
  report_.answer = first.answer;
  report_.mass = first.mass;
  report_.lower = first.lower;
  report_.upper = first.upper;
}

Status Answerer::read_prompt() {
  return std::exchange(is_read_, true) ? Status() : prefill_.read(prompt_.ids);
}

// What a question with numbers asks for may only show in its first reply.
Status Answerer::choose_map() {
  const std::string& question = prompt_.question;
  map_ = choose_answer_map(question, "");
  const bool has_numbers = question.find_first_of("0123456789") != std::string::npos;
  if (!map_->name().starts_with("phrase:") || !has_numbers) return {};
  PONDER_TRY(read_prompt());
  PONDER_ASSIGN(const auto first, decode(session_.density(), prefill_.context(), draw_law_, {}, 1,
                                         prefill_.clock().rest(kSearchShare)));
  map_ = choose_answer_map(question, session_.text().reply_text(first[0].tokens));
  return {};
}

Status Answerer::run() {
  const bool chat = std::holds_alternative<Conversation>(request_.prompt);
  const auto listed =
      request_.map == "auto" && chat ? find_options(prompt_.question) : std::nullopt;
  if (request_.way == AnswerWay::kOptions && !listed)
    return Error{Code::kInvalid, "a question in chat that lists its options, one a line: A) text",
                 "none", "question", "leave --way out, or ask with ponder decide"};
  if (listed && allows(AnswerWay::kOptions)) return by_options(*listed);
  if (!map_) PONDER_TRY(choose_map());
  report_.map = map_->name();
  const bool asks_yes_or_no = map_->name() == "yesno" && chat;
  if (request_.way == AnswerWay::kFrame && !asks_yes_or_no)
    return Error{Code::kInvalid, "a question in chat for yes or no", report_.map, "question",
                 "leave --way out, or say --answer yesno"};
  if (asks_yes_or_no && allows(AnswerWay::kFrame)) {
    PONDER_ASSIGN(const bool done, by_frame());
    if (done) return {};
  }
  PONDER_TRY(read_prompt());
  if (request_.way == AnswerWay::kEnumeration) return by_enumeration(prefill_.rest());
  const Cost before = prefill_.clock().cost();
  PONDER_TRY(by_draws());
  if (!allows(AnswerWay::kEnumeration) || !map_->can_decide()) return {};
  const std::int64_t drawn = prefill_.clock().cost().total() - before.total();
  return prove_what_was_drawn(drawn);
}

// A proof is worth more than draws, but most answers have none: the work for it is a few times that
// of the draws, unless the proof is to be written down.
Status Answerer::prove_what_was_drawn(std::int64_t work) {
  constexpr std::int64_t kTimes = 4;
  if (prefill_.clock().over()) return {};
  Budget budget = prefill_.clock().rest(kSearchShare);
  if (!request_.record) budget.tokens = std::min(budget.tokens, kTimes * work);
  const AnswerReport drawn = report_;
  const Reply reply = reply_;
  PONDER_TRY(by_enumeration(budget));
  if (report_.proved || !drawn.answer) return {};
  report_ = drawn;
  reply_ = reply;
  return {};
}

Status Answerer::by_enumeration(const Budget& budget) {
  constexpr double kOpenEnough = 0.05;
  EnumerationConfig c{.open_enough = kOpenEnough};
  c.progress = [&](const Posterior& p) { tell(AnswerWay::kEnumeration, p.answers, p.open, 0); };
  PONDER_ASSIGN(const Posterior p, enumerate_answers(session_.density(), prefill_.context(),
                                                     search_law_, *map_, spell(), c, budget));
  report_ = AnswerReport();
  report_.map = map_->name();
  fill(AnswerWay::kEnumeration, p.answers);
  report_.none = p.none;
  report_.open = p.open;
  report_.expanded = p.expanded;
  if (p.answers.empty()) return {};
  if (p.proved) {
    PONDER_ASSIGN(auto statement, settled(p));
    report_.proved = statement.has_value();
    if (request_.record) statement_ = std::move(statement);
  }
  const auto best = std::find_if(p.closed.begin(), p.closed.end(), [&](const ClosedPrefix& x) {
    return x.answer == p.answers[0].answer;
  });
  if (best == p.closed.end()) return {};
  const bool ended = search_law_.is_end(best->tokens.back());
  PONDER_ASSIGN(reply_, finished({best->tokens, best->logprob, ended}, search_law_));
  report_.answers[0].text = session_.text().reply_text(reply_.tokens);
  return {};
}

// A proof of bf16 numbers is one of the model's only if f32 says so, too. What bf16 may have
// changed is bounded first; where that is not enough, and the weights fit a second time, twice as
// many prefixes as prove it in bf16 are scored anew.
Result<std::optional<AnswerStatement>> Answerer::settled(const Posterior& p) const {
  constexpr std::size_t kMost = 4096;
  std::optional<AnswerStatement> none;
  if (auto s = state_answer(p, session_.rounding_error())) return s;
  if (session_.model().info().precision == Precision::kF32) return none;
  auto s = state_answer(p, 0);
  if (!s || s->closed.size() > kMost) return none;
  const std::size_t n = std::min(2 * s->closed.size() + 64, p.closed.size());
  s->closed.assign(p.closed.begin(), p.closed.begin() + static_cast<std::ptrdiff_t>(n));
  const auto exact = session_.exact();
  if (!exact.ok()) return none;
  PONDER_ASSIGN(const PrefixRef node, (*exact)->context(prompt_.ids));
  PONDER_ASSIGN(const AnswerCheck check, check_answer((*exact)->density(), node, search_law_, *map_,
                                                      spell(), *s, kErrorF32));
  return check.holds ? std::move(s) : none;
}

// Goes on greedily to a reply that people can read.
Result<Reply> Answerer::finished(Reply r, const ReplyLaw& law) {
  CausalDensity& d = session_.density();
  const int n = static_cast<int>(r.tokens.size());
  if (r.ended || n >= law.horizon()) return r;
  const Extend ask{.parent = prefill_.context(), .tokens = r.tokens, .rows = RowSet::kNone};
  Rows rows;
  PONDER_TRY(d.extend({&ask, 1}, rows));
  ReplyLawConfig rest = law.config();
  rest.horizon -= n;
  rest.min_length = std::max(0, rest.min_length - n);
  PONDER_ASSIGN(const ReplyLaw left, ReplyLaw::make(rest, d.n_vocab(), d.end_tokens()));
  PONDER_ASSIGN(const auto more,
                decode(d, rows.end[0], left, {}, 1, {.stop = request_.budget.stop}));
  r.tokens.insert(r.tokens.end(), more[0].tokens.begin(), more[0].tokens.end());
  r.logprob += more[0].logprob;
  r.ended = more[0].ended;
  return r;
}

}  // namespace ponder
