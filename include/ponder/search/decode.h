// Decoders: the ordinary first replies (greedy, temperature with top-k, top-p, min-p, repetition
// penalty, best-of-N). Decoders shape the draw; the reported log-probability is always that of the
// law itself.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ponder/density/density.h"
#include "ponder/density/law.h"
#include "ponder/search/search.h"

namespace ponder {

struct DecodeConfig {
  double temperature = 0;  // 0: greedy
  int top_k = 0;           // 0: off
  double top_p = 1;        // 1: off
  double min_p = 0;        // 0: off
  // 1: off. Applied to logits of tokens that are already in the reply (CTRL, Keskar et al. 2019)
  double repetition_penalty = 1;
  std::uint64_t seed = 0;
  int first_stream = 0;  // number of the first stream: streams may be decoded in several calls
  // The `top` likeliest tokens at each place, largest first; told before the token that is decoded
  // there. 0: none are told.
  int top = 0;
  std::function<void(int stream, std::span<const TokenProb>)> on_top{};
};

/// Decodes one reply a stream from `context`, streams side by side in one batch; stream k of seed s
/// draws the same tokens whatever the number of streams or threads. Unlike a law of target `ended`,
/// a decoder that reaches the horizon returns its unended prefix (ended = false). If
/// `on_token(stream, token and its log-probability)` returns false, that stream stops; `on_reply`
/// is called with each complete reply of the law.
Result<std::vector<Reply>> decode(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                  const DecodeConfig&, int n_streams, const Budget&,
                                  const std::function<bool(int stream, TokenProb)>& on_token = {},
                                  const std::function<void(const Reply&)>& on_reply = {});

/// Index of the best reply under the law: ended replies first where the target is `ended`, then the
/// larger logprob; -1 when empty.
int best_reply(std::span<const Reply>, const ReplyLaw&);

}  // namespace ponder
