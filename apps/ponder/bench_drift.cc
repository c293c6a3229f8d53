// How far log p of a token is from itself on another path of the engine: decoding one token at a time, and f32.
#include <cmath>

#include "base/rng.h"
#include "bench_work.h"

namespace ponder::app {
namespace {

constexpr int kReplies = 8, kTokens = 32;

Rate distances(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> d;
  for (std::size_t i = 0; i < a.size(); ++i) d.push_back(std::abs(a[i] - b[i]));
  return rate_of(std::move(d));
}

}  // namespace

std::vector<Token> Bench::drift_prompt() const {
  return engine_.text.raw("The old lighthouse keeper wrote a letter to his daughter. It began:");
}

const Bench::Drawn& Bench::drawn() {
  if (!drawn_.replies.empty()) return drawn_;
  const PrefixRef prompt = must(d_.add_context(drift_prompt()));
  for (int r = 0; r < kReplies; ++r) {
    std::vector<Token> reply;
    PrefixRef at = prompt;
    Rows rows;
    for (int t = 0; t < kTokens; ++t) {
      const Extend next{.parent = at,
                        .tokens = t > 0 ? std::span<const Token>(&reply.back(), 1) : std::span<const Token>(),
                        .rows = RowSet::kLast,
                        .needs = {.draw = {.kind = Draw::Kind::kInverseCdf, .u = uniform(1, r, t, Purpose::kCheck)}}};
      must(d_.extend({&next, 1}, rows));
      at = std::move(rows.end[0]);
      reply.push_back(rows.rows[0].drawn);
      drawn_.logprobs.push_back(rows.rows[0].drawn_logprob);
    }
    drawn_.replies.push_back(std::move(reply));
  }
  return drawn_;
}

// log p of every token of the drawn replies, all in one batch.
std::vector<double> Bench::scored(Engine& e) {
  const PrefixRef prompt = must(e.density->add_context(drift_prompt()));
  std::vector<Extend> batch;
  for (const std::vector<Token>& reply : drawn().replies)
    batch.push_back({.parent = prompt, .tokens = reply, .rows = RowSet::kTargets});
  Rows out;
  must(e.density->extend(batch, out));
  std::vector<double> logprobs;
  for (const Row& row : out.rows) logprobs.push_back(row.logprob);
  return logprobs;
}

Rate Bench::drift_of_decoding() { return distances(drawn().logprobs, scored(engine_)); }

Rate Bench::drift_from_f32() {
  const std::vector<double> here = scored(engine_);
  if (engine_.model->info().precision == Precision::kF32) return distances(here, here);
  ModelArgs args = args_;
  args.precision = "f32";
  args.weights = "quantised";  // nothing else stays in memory, and the same bits
  Engine exact(args);
  return distances(here, scored(exact));
}

}  // namespace ponder::app
