// Session::complete: decodes the choices side by side, and takes the log-probabilities that were
// asked for from the rows at each token's place. Rows depend on their prefix alone, so they are the
// numbers that score() gives.
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

PlacedToken placed(Token v, const Row& row) {
  PlacedToken t{v, row.logprob, row.list};
  for (TokenProb& p : t.top)
    if (p.token == v) p.logprob = row.logprob;
  return t;
}

class Completer {
 public:
  Completer(Session& s, const CompleteRequest& r)
      : session_(s), request_(r), prefill_(s, r.budget) {}

  Result<CompleteAnswer> run() {
    PONDER_TRY(check_complete(request_));
    PONDER_ASSIGN(Prompt prompt, session_.text().prompt(request_.prompt));
    PONDER_TRY(read(prompt.ids));
    PONDER_ASSIGN(const ReplyLaw law,
                  LawRequest{.max_length = request_.max_tokens}.law(
                      session_.density().n_ctx(), prompt.ids.size(), session_.density()));
    if (request_.draw) PONDER_TRY(draw(law));
    answer_.notes = std::move(prompt.notes);
    answer_.run = {
        law.target(),         prefill_.clock().cost(),           prefill_.clock().seconds(),
        request_.decode.seed, session_.model().info().precision, session_.text().shared_file()};
    return std::move(answer_);
  }

 private:
  Needs needs() const {
    Needs n;
    if (request_.top > 0) n.draw = {.kind = Draw::Kind::kList, .max_items = request_.top};
    return n;
  }

  // The tokens after a node, with the numbers of their places.
  Result<std::vector<PlacedToken>> place(const PrefixRef& after, std::span<const Token> tokens,
                                         PrefixRef* end = nullptr) {
    const Extend e{.parent = after, .tokens = tokens, .rows = RowSet::kTargets, .needs = needs()};
    Rows rows;
    PONDER_TRY(session_.density().extend({&e, 1}, rows));
    std::vector<PlacedToken> out;
    for (std::size_t i = 0; i < tokens.size(); ++i) out.push_back(placed(tokens[i], rows.rows[i]));
    if (end) *end = std::move(rows.end[0]);
    return out;
  }

  Status read(std::span<const Token> ids) {
    for (const Token v : ids) answer_.prompt.push_back({v});
    if (!request_.echo || request_.top < 0 || ids.size() == 1) {
      PONDER_TRY(prefill_.read(ids));
      prompt_ = prefill_.context();
      return {};
    }
    PONDER_TRY(prefill_.read(ids.first(1)));
    PONDER_ASSIGN(auto rest, place(prefill_.context(), ids.subspan(1), &prompt_));
    std::move(rest.begin(), rest.end(), answer_.prompt.begin() + 1);
    return {};
  }

  // Adds a token to a choice. Returns false where the choice is over.
  bool add(int choice, TokenProb v) {
    Completion& c = answer_.choices[static_cast<std::size_t>(choice)];
    StopText& text = texts_[static_cast<std::size_t>(choice)];
    CompletionPiece piece{choice, text.add(v.token), {{v.token}}};
    if (request_.on_piece && request_.top >= 0) {
      auto one = place_last(c.tokens, v.token);
      if (one.ok())
        piece.tokens[0] = std::move(*one);
      else
        failed_ = one.status();
    }
    c.tokens.push_back(piece.tokens[0]);
    c.text += piece.text;
    c.logprob += v.logprob;
    c.stopped = text.stopped();
    const bool wanted = !request_.on_piece || request_.on_piece(piece);
    return wanted && !c.stopped && failed_.ok();
  }

  Result<PlacedToken> place_last(const std::vector<PlacedToken>& before, Token v) {
    std::vector<Token> tokens;
    for (const PlacedToken& t : before) tokens.push_back(t.token);
    tokens.push_back(v);
    PrefixRef parent = prompt_;
    if (tokens.size() > 1) {
      const Extend walk{.parent = prompt_,
                        .tokens = std::span(tokens).first(tokens.size() - 1),
                        .rows = RowSet::kNone};
      Rows rows;
      PONDER_TRY(session_.density().extend({&walk, 1}, rows));
      parent = std::move(rows.end[0]);
    }
    PONDER_ASSIGN(auto one, place(parent, {&v, 1}));
    return std::move(one[0]);
  }

  Status draw(const ReplyLaw& law) {
    const int n = std::max(request_.n, request_.best_of);
    answer_.choices.resize(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) texts_.emplace_back(session_.shared_text(), request_.stop);
    PONDER_ASSIGN(const auto replies,
                  decode(session_.density(), prompt_, law, request_.decode, n, prefill_.rest(),
                         [&](int choice, TokenProb v) { return add(choice, v); }));
    PONDER_TRY(failed_);
    for (std::size_t i = 0; i < replies.size(); ++i) PONDER_TRY(finish(replies[i], i));
    keep_best();
    return {};
  }

  Status finish(const Reply& reply, std::size_t i) {
    Completion& c = answer_.choices[i];
    const std::string rest = texts_[i].rest();
    c.text += rest;
    c.stopped = c.stopped || reply.ended;
    if (!rest.empty() && request_.on_piece) request_.on_piece({static_cast<int>(i), rest, {}});
    if (request_.top < 0 || request_.on_piece) return {};
    PONDER_ASSIGN(c.tokens, place(prompt_, reply.tokens));
    return {};
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
  Status failed_;
};

}  // namespace

Result<CompleteAnswer> Session::complete(const CompleteRequest& r) {
  return Completer(*this, r).run();
}

}  // namespace ponder
