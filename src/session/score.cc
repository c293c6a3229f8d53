// Session::score: scores replies in passes of bounded size. Prompts that occur more than once share
// their keys and values.
#include <algorithm>
#include <optional>

#include "base/passes.h"
#include "ponder/session.h"

namespace ponder {
namespace {

struct Work {
  std::size_t index;  // index of the request
  ScoreAnswer answer{};
};

Status check_allowed(const std::vector<Token>& allowed, int n_vocab) {
  for (const Token v : allowed)
    if (v < 0 || v >= n_vocab)
      return Error{Code::kInvalid, "allowed ids from 0 to " + std::to_string(n_vocab - 1),
                   std::to_string(v), "--allow-ids", ""};
  return {};
}

Status score_pass(Session& s, std::span<Work> work, const ScoreOptions& o, const TokenMask* mask) {
  CausalDensity& d = s.density();
  std::vector<Extend> batch;
  for (const Work& w : work) {
    const ScoreAnswer& a = w.answer;
    const std::size_t n = a.prompt.size() + a.reply.size();
    if (n > static_cast<std::size_t>(d.n_ctx()))
      return Error{Code::kInvalid,
                   "a prompt and reply of at most " + std::to_string(d.n_ctx()) + " tokens",
                   std::to_string(n), "context", "shorten them, or raise -c/--ctx-size"};
    PONDER_ASSIGN(const PrefixRef p, s.context(a.prompt));
    Needs needs;
    if (o.alpha > 0) needs = {.alpha = o.alpha, .lz = true};
    batch.push_back({.parent = p,
                     .tokens = a.reply,
                     .rows = RowSet::kTargets,
                     .needs = needs,
                     .masks = {mask}});
    if (o.logits)
      batch.push_back({.parent = p,
                       .rows = RowSet::kLast,
                       .needs = {.draw = {.kind = Draw::Kind::kRow}},
                       .masks = {mask}});
  }
  Rows rows;
  PONDER_TRY(d.extend(batch, rows));
  std::size_t r = 0;
  for (Work& w : work) {
    ScoreAnswer& a = w.answer;
    a.alpha = o.alpha;
    for (const Row& row : rows.of(r++)) {
      a.logprobs.push_back(row.logprob);
      a.sum += row.logprob;
      if (o.alpha > 0) a.lz.push_back(row.lz);
    }
    if (o.logits) a.logits = std::move(rows.of(r++)[0].logits);
  }
  for (Work& w : work) {
    if (o.pseudo == 0) break;
    PONDER_ASSIGN(const PrefixRef p, s.context(w.answer.prompt));
    PONDER_ASSIGN(w.answer.pseudo, pseudo_likelihood(d, p, w.answer.reply, o.pseudo, mask));
    w.answer.k = o.pseudo;
  }
  return {};
}

// Scores all replies; one that cannot be scored takes the error.
void score_all(Session& s, std::span<Work> work, const ScoreOptions& o, const TokenMask* mask,
               std::vector<Result<ScoreAnswer>>& out) {
  const auto tokens = [](std::span<const Work> pass, const Work& next) {
    const bool known = std::any_of(pass.begin(), pass.end(), [&](const Work& w) {
      return w.answer.prompt == next.answer.prompt;
    });
    return next.answer.reply.size() + (known ? 0 : next.answer.prompt.size());
  };
  in_passes(work, tokens, [&](std::span<Work> pass) {
    for (Work& w : pass)
      w.answer = {.prompt = std::move(w.answer.prompt), .reply = std::move(w.answer.reply)};
    const Status done = score_pass(s, pass, o, mask);
    if (!done.ok() && pass.size() > 1) return false;
    for (Work& w : pass) {
      if (done.ok())
        out[w.index] = std::move(w.answer);
      else
        out[w.index] = done.error();
    }
    return true;
  });
}

}  // namespace

Result<std::vector<Result<ScoreAnswer>>> Session::score(std::span<const ScoreRequest> requests,
                                                        const ScoreOptions& o) {
  PONDER_TRY(check_allowed(o.allowed, density_->n_vocab()));
  std::optional<TokenMask> mask;
  if (!o.allowed.empty()) mask = TokenMask::only(density_->n_vocab(), o.allowed);
  std::vector<Result<ScoreAnswer>> out;
  std::vector<Work> work;
  for (const ScoreRequest& r : requests) {
    out.emplace_back(ScoreAnswer());
    auto prompt = text_->prompt(r.prompt);
    auto reply = text_->reply(r.reply);
    if (!prompt.ok())
      out.back() = prompt.error();
    else if (!reply.ok())
      out.back() = reply.error();
    else
      work.push_back(
          {out.size() - 1, {.prompt = std::move(prompt->ids), .reply = std::move(*reply)}});
  }
  score_all(*this, work, o, mask ? &*mask : nullptr, out);
  return out;
}

}  // namespace ponder
