// Session::complete: decodes the choices side by side, and keeps the log-probabilities of the rows
// at each token's place. Rows depend on their prefix alone, so they are the numbers that score()
// gives.
#include <algorithm>
#include <numeric>

#include "ponder/search/decode.h"
#include "session/prefill.h"
#include "session/stop_text.h"

namespace ponder {
namespace {

Status check_complete(const CompleteRequest& r) {
  const auto bad = [](const std::string& expected, int got, const std::string& hint = "") {
    return Error{Code::kInvalid, expected, std::to_string(got), "completion", hint};
  };
  if (r.n < 1) return bad("at least 1 choice", r.n);
  if (r.max_tokens < 0) return bad("at least 1 token", r.max_tokens);
  if (r.best_of != 0 && r.best_of < r.n)
    return bad("best_of of at least n = " + std::to_string(r.n), r.best_of);
  if (r.best_of > r.n && r.on_piece)
    return bad("best_of = n in a stream", r.best_of, "which replies are best is known at the end");
  if (std::any_of(r.stop.begin(), r.stop.end(), [](const auto& s) { return s.empty(); }))
    return bad("stop texts of at least one character", 0);
  return {};
}

PlacedToken placed(TokenProb v, std::vector<TokenProb> top) {
  for (TokenProb& p : top)
    if (p.token == v.token) p.logprob = v.logprob;
  return {v.token, v.logprob, std::move(top)};
}

class Completer {
 public:
  Completer(Session& s, const CompleteRequest& r)
      : session_(s), request_(r), prefill_(s, r.budget) {}

  Status read(std::span<const Token> ids) {
    for (const Token v : ids) answer_.prompt.push_back({v});
    const bool rows = request_.echo && request_.top >= 0 && ids.size() > 1;
    PONDER_TRY(prefill_.read(rows ? ids.first(1) : ids));
    prompt_ = prefill_.context();
    if (rows) PONDER_TRY(read_rows(ids.subspan(1)));
    if (request_.echo && request_.on_prompt) request_.on_prompt(answer_.prompt);
    return {};
  }

  Status draw(const ReplyLaw& law) {
    const int n = std::max(request_.n, request_.best_of);
    answer_.choices.resize(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) texts_.emplace_back(session_.shared_text(), request_.stop);
    DecodeConfig config = request_.decode;
    config.top = request_.top;
    config.on_top = [&](int, std::span<const TokenProb> top) {
      top_.assign(top.begin(), top.end());
    };
    PONDER_ASSIGN(const auto replies,
                  decode(session_.density(), prompt_, law, config, n, prefill_.rest(),
                         [&](int choice, TokenProb v) { return add(choice, v); }));
    for (std::size_t i = 0; i < replies.size(); ++i) finish(replies[i], i);
    keep_best();
    return {};
  }

  const Clock& clock() const { return prefill_.clock(); }
  CompleteAnswer take() { return std::move(answer_); }

 private:
  // The rest of the prompt, with the numbers of its places.
  Status read_rows(std::span<const Token> ids) {
    Extend e{.parent = prompt_, .tokens = ids, .rows = RowSet::kTargets};
    if (request_.top > 0) e.needs.draw = {.kind = Draw::Kind::kList, .max_items = request_.top};
    Rows rows;
    PONDER_TRY(session_.density().extend({&e, 1}, rows));
    for (std::size_t i = 0; i < ids.size(); ++i)
      answer_.prompt[i + 1] = placed({ids[i], rows.rows[i].logprob}, std::move(rows.rows[i].list));
    prompt_ = std::move(rows.end[0]);
    return {};
  }

  // Adds a token to a choice. Returns false where the choice is over.
  bool add(int choice, TokenProb v) {
    Completion& c = answer_.choices[static_cast<std::size_t>(choice)];
    StopText& text = texts_[static_cast<std::size_t>(choice)];
    CompletionPiece piece{choice, text.add(v.token), {{v.token}}};
    if (request_.top >= 0) piece.tokens[0] = placed(v, std::exchange(top_, {}));
    c.tokens.push_back(piece.tokens[0]);
    c.text += piece.text;
    c.logprob += v.logprob;
    c.stopped = text.stopped();
    const bool wanted = !request_.on_piece || request_.on_piece(piece);
    return wanted && !c.stopped;
  }

  void finish(const Reply& reply, std::size_t i) {
    Completion& c = answer_.choices[i];
    const std::string rest = texts_[i].rest();
    c.text += rest;
    c.stopped = c.stopped || reply.ended;
    if (!rest.empty() && request_.on_piece) request_.on_piece({static_cast<int>(i), rest, {}});
  }

  void keep_best() {
    if (request_.best_of <= request_.n) return;
    const auto mean = [](const Completion& c) {
      return c.logprob / static_cast<double>(std::max<std::size_t>(c.tokens.size(), 1));
    };
    std::stable_sort(answer_.choices.begin(), answer_.choices.end(),
                     [&](const auto& a, const auto& b) { return mean(a) > mean(b); });
    answer_.choices.resize(static_cast<std::size_t>(request_.n));
  }

  Session& session_;
  const CompleteRequest& request_;
  Prefill prefill_;
  PrefixRef prompt_;
  CompleteAnswer answer_;
  std::vector<StopText> texts_;
  std::vector<TokenProb> top_;  // at the place of the next token
};

}  // namespace

Result<CompleteAnswer> Session::complete(const CompleteRequest& r) {
  PONDER_TRY(check_complete(r));
  PONDER_ASSIGN(Prompt prompt, text_->prompt(r.prompt));
  Completer completer(*this, r);
  PONDER_TRY(completer.read(prompt.ids));
  PONDER_ASSIGN(const ReplyLaw law, LawRequest{.max_length = r.max_tokens}.law(
                                        density_->n_ctx(), prompt.ids.size(), *density_));
  if (r.draw) PONDER_TRY(completer.draw(law));
  CompleteAnswer a = completer.take();
  a.notes = std::move(prompt.notes);
  a.run = record(law, completer.clock().cost(), completer.clock().seconds(), r.decode.seed);
  return a;
}

}  // namespace ponder
