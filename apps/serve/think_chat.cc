// A searched chat. Clients only append to a reply, so that nothing of it is sent before it is
// final.
#include "serve/think_chat.h"

#include <fmt/format.h>

#include "ponder/openai.h"

namespace ponder::serve {
namespace {

// Tells the first reply, and each likelier one, once.
class Reasoning {
 public:
  Reasoning(const CompletionCall& call, const CompletionId& id, const TextModel& text, Exchange& x)
      : call_(call), id_(id), text_(text), exchange_(x) {}

  void first(const Reply& r) {
    news_.first(r);
    tell(fmt::format("First: {}\nlog p {:.2f}\n", text_.reply_text(r.tokens), r.logprob));
  }
  void progress(const ThinkProgress& p) {
    if (!news_.is_likelier(p)) return;
    tell(fmt::format("Likelier, by {} after {:.1f} s: {}\nlog p {:.2f}\n", p.method, p.seconds,
                     text_.reply_text(p.best->tokens), p.best->logprob));
  }

 private:
  void tell(const std::string& words) { exchange_.event(reasoning_chunk(call_, id_, words)); }

  const CompletionCall& call_;
  const CompletionId& id_;
  const TextModel& text_;
  Exchange& exchange_;
  ReplyNews news_;
};

}  // namespace

Result<HttpReply> answer_think_chat(SharedSession& shared, const CompletionCall& call,
                                    const CompletionId& id, Exchange& x) {
  const auto session = shared.caller(&x.stopped());
  ThinkRequest r = *call.think;
  r.config.first.seed = *call.seed;
  Reasoning reasoning(call, id, shared.text(), x);
  if (call.stream) {
    r.config.on_first = [&](const Reply& first) { reasoning.first(first); };
    r.config.progress = [&](const ThinkProgress& p) { reasoning.progress(p); };
    x.open_stream({});
    x.event(role_chunk(call, id, 0));
  }
  const auto a = session->think(r);
  if (!call.stream) {
    PONDER_TRY(a.status());
    return HttpReply{.body = think_completion_body(call, id, *a, shared.text())};
  }
  if (a.ok()) {
    x.event(completion_chunk(call, id, 0, {.text = a->best.text}, 0, shared.text()));
    x.event(think_finish_chunk(call, id, *a, shared.text()));
    x.event("[DONE]");
  } else {
    x.event(failure(a.error(), x).body);
  }
  x.close_stream();
  return HttpReply{};
}

}  // namespace ponder::serve
