// Completions: one caller's session answers the prompts of a call, one after another.
#include "serve/completions.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace ponder::serve {
namespace {

// Sends a stream's chunks. The head goes out with the first of them, so that an error before it has
// a status of its own.
class Stream {
 public:
  Stream(const CompletionCall& call, const CompletionId& id, const TextModel& text, Exchange& x,
         HttpReply head)
      : call_(call), id_(id), text_(text), exchange_(x), head_(std::move(head)) {}

  bool piece(int prompt, const CompletionPiece& p) {
    begin(prompt, p.choice);
    int& placed = placed_[{prompt, p.choice}];
    const bool there = exchange_.event(completion_chunk(call_, id_, prompt, p, placed, text_));
    placed += n_characters(p.tokens, text_);
    return there;
  }
  void echo(int prompt, std::span<const PlacedToken> tokens) {
    const int n = call_.settings.draw ? call_.settings.n : 1;
    for (int i = 0; i < n; ++i) piece(prompt, echo_piece(i, tokens, text_));
  }
  void finish(int prompt, const CompleteAnswer& a) {
    // An echo alone has one choice, in which nothing was drawn.
    const std::size_t n = std::max<std::size_t>(a.choices.size(), 1);
    for (std::size_t i = 0; i < n; ++i) {
      const int choice = static_cast<int>(i);
      begin(prompt, choice);
      const bool stopped = !a.choices.empty() && a.choices[i].stopped;
      exchange_.event(finish_chunk(call_, id_, prompt, choice, stopped));
    }
  }
  void end(const std::vector<CompleteAnswer>& answers) {
    if (call_.usage) exchange_.event(usage_chunk(call_, id_, answers));
    exchange_.event("[DONE]");
    exchange_.close_stream();
  }
  /// An error after the head: the client's library raises it.
  void fail(const Error& e) {
    exchange_.event(failure(e, exchange_).body);
    exchange_.close_stream();
  }
  bool begun() const { return begun_; }

 private:
  void begin(int prompt, int choice) {
    if (!begun_) exchange_.open_stream(std::move(head_));
    begun_ = true;
    if (!placed_.try_emplace({prompt, choice}, 0).second) return;
    if (call_.chat) exchange_.event(role_chunk(call_, id_, choice));
  }

  const CompletionCall& call_;
  const CompletionId& id_;
  const TextModel& text_;
  Exchange& exchange_;
  HttpReply head_;
  bool begun_ = false;
  std::map<std::pair<int, int>, int> placed_;  // characters of each choice so far
};

HttpReply head_of(const CompletionCall& call) {
  HttpReply head;
  std::string names;
  for (const std::string& name : call.unread) names += (names.empty() ? "" : ", ") + name;
  // A header holds printable characters only.
  for (char& c : names)
    if (c < ' ' || c > '~') c = '?';
  if (!names.empty())
    head.headers.emplace_back("Warning", "299 ponder \"not used: " + names + "\"");
  return head;
}

}  // namespace

Result<HttpReply> answer_completions(SharedSession& shared, const CompletionCall& call,
                                     const CompletionId& id, Exchange& x) {
  const auto session = shared.caller(&x.stopped());
  HttpReply head = head_of(call);
  Stream stream(call, id, shared.text(), x, head);
  std::vector<CompleteAnswer> answers;
  CompleteRequest r = call.settings;
  r.decode.seed = *call.seed;
  r.budget.stop = &x.stopped();
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < call.prompts.size(); ++i) {
    const int prompt = static_cast<int>(i);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    r.budget.seconds = std::max(0.0, call.settings.budget.seconds - spent.count());
    r.prompt = call.prompts[i];
    if (call.stream) {
      r.on_piece = [&](const CompletionPiece& p) { return stream.piece(prompt, p); };
      r.on_prompt = [&](std::span<const PlacedToken> tokens) { stream.echo(prompt, tokens); };
    }
    auto a = session->complete(r);
    if (!a.ok() && stream.begun()) {
      stream.fail(a.error());
      return head;
    }
    PONDER_TRY(a.status());
    if (call.stream) stream.finish(prompt, *a);
    answers.push_back(std::move(*a));
  }
  if (call.stream) {
    stream.end(answers);
    return head;
  }
  head.body = completion_body(call, id, answers, shared.text());
  return head;
}

}  // namespace ponder::serve
