// Bench: how much the log p of a token differs between paths of the engine: scored at once, decoded
// one token at a time, and in f32.
#include <cmath>

#include "base/rng.h"
#include "session/bench_work.h"

namespace ponder {
namespace {

constexpr int kReplies = 8, kDriftTokens = 32;

BenchRate distances(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> d;
  for (std::size_t i = 0; i < a.size(); ++i) d.push_back(std::abs(a[i] - b[i]));
  return rate_of(std::move(d));
}

Result<PrefixRef> drift_prompt(Session& s) {
  const RawText text{"The old lighthouse keeper wrote a letter to his daughter. It began:"};
  PONDER_ASSIGN(const Prompt prompt, s.text().prompt(text));
  return s.density().add_context(prompt.ids);
}

}  // namespace

Status Bench::draw_replies() {
  if (!drawn_.replies.empty()) return {};
  PONDER_ASSIGN(const PrefixRef prompt, drift_prompt(session_));
  Drawn drawn;
  for (int r = 0; r < kReplies; ++r) {
    std::vector<Token> reply;
    PrefixRef at = prompt;
    Rows rows;
    for (int t = 0; t < kDriftTokens; ++t) {
      const Extend next{
          .parent = at,
          .tokens = t > 0 ? std::span<const Token>(&reply.back(), 1) : std::span<const Token>(),
          .rows = RowSet::kLast,
          .needs = {
              .draw = {.kind = Draw::Kind::kInverseCdf, .u = uniform(1, r, t, Purpose::kCheck)}}};
      PONDER_TRY(d_.extend({&next, 1}, rows));
      at = std::move(rows.end[0]);
      reply.push_back(rows.rows[0].drawn);
      drawn.logprobs.push_back(rows.rows[0].drawn_logprob);
    }
    drawn.replies.push_back(std::move(reply));
  }
  drawn_ = std::move(drawn);
  return {};
}

Result<std::vector<double>> Bench::scored(Session& s) {
  PONDER_TRY(draw_replies());
  PONDER_ASSIGN(const PrefixRef prompt, drift_prompt(s));
  std::vector<Extend> batch;
  for (const std::vector<Token>& reply : drawn_.replies)
    batch.push_back({.parent = prompt, .tokens = reply, .rows = RowSet::kTargets});
  Rows out;
  PONDER_TRY(s.density().extend(batch, out));
  std::vector<double> logprobs;
  for (const Row& row : out.rows) logprobs.push_back(row.logprob);
  return logprobs;
}

Result<BenchRate> Bench::drift_of_decoding() {
  PONDER_ASSIGN(const auto at_once, scored(session_));
  return distances(drawn_.logprobs, at_once);
}

Result<BenchRate> Bench::drift_from_f32() {
  PONDER_ASSIGN(const auto here, scored(session_));
  if (info_.precision == Precision::kF32) return distances(here, here);
  // Quantised weights give the same bits and take no further memory.
  PONDER_ASSIGN(const auto exact, session_.in_f32(WeightForm::kQuantised));
  PONDER_ASSIGN(const auto there, scored(*exact));
  return distances(here, there);
}

}  // namespace ponder
