// Token-by-token decoding of several streams in one batch.
#include "ponder/search/decode.h"

#include <algorithm>

#include "base/rng.h"
#include "search/clock.h"
#include "search/shape.h"

namespace ponder {
namespace {

struct Stream {
  PrefixRef at{};
  Reply reply;
  bool live = true;
};

// True if the shaped law needs the whole row.
bool needs_row(const DecodeConfig& c) {
  return c.repetition_penalty != 1 ||
         (c.temperature > 0 && (c.top_k > 0 || c.top_p < 1 || c.min_p > 0));
}

Needs needs_of(const DecodeConfig& c, int stream, int t) {
  Needs n;
  if (needs_row(c)) {
    n.draw.kind = Draw::Kind::kRow;
  } else if (c.temperature <= 0) {
    n.draw.kind = Draw::Kind::kArgmax;
  } else {
    n.alpha = 1 / c.temperature;
    n.draw.kind = Draw::Kind::kInverseCdf;
    n.draw.u = uniform(c.seed, static_cast<std::uint32_t>(c.first_stream + stream),
                       static_cast<std::uint64_t>(t), Purpose::kDecode);
  }
  return n;
}

// Appends a request for the likeliest tokens of each row that the batch asks for. Both requests of
// a row share its token's way through the network.
void add_lists(const DecodeConfig& c, std::vector<Extend>& batch) {
  if (c.top <= 0 || !c.on_top) return;
  for (std::size_t i = 0, n = batch.size(); i < n; ++i) {
    Extend list = batch[i];
    list.needs = {.draw = {.kind = Draw::Kind::kList, .max_items = c.top}};
    batch.push_back(std::move(list));
  }
}

TokenProb pick(const Row& row, const DecodeConfig& c, int stream, const Reply& so_far) {
  if (!needs_row(c)) return {row.drawn, row.drawn_logprob};
  const auto weights = shape(row.logits, so_far.tokens, c);
  double u = uniform(c.seed, static_cast<std::uint32_t>(c.first_stream + stream),
                     so_far.tokens.size(), Purpose::kDecode);
  Token v = weights.back().first;
  for (const auto& [token, w] : weights) {
    if (u < w) {
      v = token;
      break;
    }
    u -= w;
  }
  return {v, row.logits[v] - row.log_normalizer};
}

Status check(const DecodeConfig& c, int n_streams) {
  const auto bad = [](const char* expected, double got) {
    return Error{Code::kInvalid, expected, std::to_string(got), "decoder", ""};
  };
  if (!(c.temperature >= 0)) return bad("a temperature of at least 0", c.temperature);
  if (c.top_k < 0) return bad("top-k of at least 0", c.top_k);
  if (!(c.top_p > 0 && c.top_p <= 1)) return bad("top-p above 0, up to 1", c.top_p);
  if (!(c.min_p >= 0 && c.min_p <= 1)) return bad("min-p from 0 to 1", c.min_p);
  if (!(c.repetition_penalty > 0)) return bad("a repetition penalty above 0", c.repetition_penalty);
  if (n_streams < 1) return bad("at least 1 stream", n_streams);
  if (c.first_stream < 0) return bad("streams numbered from 0", c.first_stream);
  return {};
}

}  // namespace

Result<std::vector<Reply>> decode(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                                  const DecodeConfig& c, int n_streams, const Budget& budget,
                                  const std::function<bool(int, TokenProb)>& on_token,
                                  const std::function<void(const Reply&)>& on_reply) {
  PONDER_TRY(check(c, n_streams));
  const Clock clock(d, budget);
  std::vector<Stream> streams(n_streams);
  for (Stream& s : streams) s.at = context;
  for (int t = 0; law.extends(t) && !clock.over(); ++t) {
    std::vector<Extend> batch;
    std::vector<int> indices;
    const TokenMask* mask = law.mask(t);
    for (int k = 0; k < n_streams; ++k) {
      Stream& s = streams[k];
      if (!s.live) continue;
      // The last token is fed in the request for the next row.
      const std::span<const Token> last(s.reply.tokens.data() + (t > 0 ? t - 1 : 0), t > 0 ? 1 : 0);
      batch.push_back({.parent = s.at,
                       .tokens = last,
                       .rows = RowSet::kLast,
                       .needs = needs_of(c, k, t),
                       .masks = {mask}});
      indices.push_back(k);
    }
    if (batch.empty()) break;
    add_lists(c, batch);
    Rows rows;
    PONDER_TRY(d.extend(batch, rows));
    for (std::size_t i = 0; i < indices.size(); ++i) {
      Stream& s = streams[indices[i]];
      const TokenProb v = pick(rows.rows[i], c, indices[i], s.reply);
      if (c.top > 0 && c.on_top) c.on_top(indices[i], rows.rows[indices.size() + i].list);
      s.at = std::move(rows.end[i]);
      s.reply.tokens.push_back(v.token);
      s.reply.logprob += v.logprob;
      s.reply.ended = law.is_end(v.token);
      s.live = !s.reply.ended && (!on_token || on_token(indices[i], v));
      if (s.reply.ended && on_token) on_token(indices[i], v);
      if (on_reply && law.is_reply(s.reply.tokens)) on_reply(s.reply);
    }
  }
  std::vector<Reply> replies;
  for (Stream& s : streams) replies.push_back(std::move(s.reply));
  return replies;
}

int best_reply(std::span<const Reply> replies, const ReplyLaw& law) {
  const auto better = [&](const Reply& a, const Reply& b) {
    if (law.target() == Target::kEnded && a.ended != b.ended) return a.ended;
    return a.logprob > b.logprob;
  };
  int best = -1;
  for (std::size_t i = 0; i < replies.size(); ++i)
    if (best < 0 || better(replies[i], replies[best])) best = static_cast<int>(i);
  return best;
}

}  // namespace ponder
