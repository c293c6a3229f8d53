// The vectors that enter the first layer: embeddings of tokens and of mixtures of tokens, plus
// learned positions; and the products of their derivatives with the embeddings. Not rotary
// positions, which belong to the layers (transformer.cc).
#include <algorithm>

#include "base/parallel.h"
#include "cpu/transformer.h"
#include "ops/vector.h"

namespace ponder {

void Transformer::embedding(Token v, float* out) const {
  const GgufTensor& e = *weights_.token_embd;
  dequantize(e.type, e.data + v * e.row_bytes(), config_.n_embd, out);
  if (config_.embed_scale != 1)
    for (int k = 0; k < config_.n_embd; ++k) out[k] *= config_.embed_scale;
}

// A mixture of one token with weight 1 gives the same numbers as the token. Consecutive mixtures
// over one list of tokens share its look-ups, since the list may be the whole vocabulary.
void Transformer::mix(std::span<const TokenMix> mixes, float* out) const {
  const int d = config_.n_embd;
  std::vector<float> row(d);
  for (std::size_t i = 0, end = 0; i < mixes.size(); i = end) {
    const std::span<const Token> list = mixes[i].tokens;
    end = i + 1;
    if (mixes[i].weights.empty()) {
      embedding(list[0], out + i * d);
      continue;
    }
    const auto same = [&](const TokenMix& m) {
      return m.tokens.data() == list.data() && m.weights.size() == list.size();
    };
    while (end < mixes.size() && same(mixes[end])) ++end;
    std::fill(out + i * d, out + end * d, 0.f);
    for (std::size_t j = 0; j < list.size(); ++j) {
      bool looked_up = false;
      for (std::size_t t = i; t < end; ++t) {
        const float w = mixes[t].weights[j];
        if (w == 0) continue;
        if (!looked_up) embedding(list[j], row.data());
        looked_up = true;
        add(out + t * d, w, row.data(), d);
      }
    }
  }
}

void Transformer::embeddings(std::span<const TokenMix> mixes, std::span<float> out) const {
  const auto n = static_cast<std::int64_t>(mixes.size()),
             pieces = std::min<std::int64_t>(n, info_.n_threads);
  parallel_for(info_.n_threads, pieces, [&](std::int64_t piece) {
    const std::int64_t begin = n * piece / pieces, end = n * (piece + 1) / pieces;
    mix(mixes.subspan(begin, end - begin), out.data() + begin * config_.n_embd);
  });
}

// If an id is the same at every position, its embedding is looked up once.
void Transformer::slopes(const SlopeRequest& r) const {
  const auto d = static_cast<std::size_t>(config_.n_embd), n = r.de.size() / d;
  const auto id = [&r](std::size_t t, std::size_t j) {
    if (r.ids.empty()) return static_cast<Token>(j);
    return r.ids[r.ids.size() == r.m ? j : t * r.m + j];
  };
  parallel_ranges(
      info_.n_threads, static_cast<std::int64_t>(r.m), [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> e(d);
        Token looked_up = -1;
        for (auto j = static_cast<std::size_t>(begin); j < static_cast<std::size_t>(end); ++j)
          for (std::size_t t = 0; t < n; ++t) {
            const Token v = id(t, j);
            if (v != looked_up) embedding(v, e.data());
            looked_up = v;
            r.out[t * r.m + j] += dot(e.data(), r.de.data() + t * d, static_cast<int>(d));
          }
      });
}

void Transformer::embed(const ForwardBatch& b, float* x) const {
  const int d = config_.n_embd, pieces = std::min(b.n(), info_.n_threads);
  parallel_for(info_.n_threads, pieces, [&](std::int64_t piece) {
    const std::int64_t begin = b.n() * piece / pieces, end = b.n() * (piece + 1) / pieces;
    if (!b.mixes.empty()) mix(std::span(b.mixes).subspan(begin, end - begin), x + begin * d);
    std::vector<float> row(d);
    for (std::int64_t i = begin; i < end; ++i) {
      if (b.mixes.empty()) embedding(b.tokens[i], x + i * d);
      if (const GgufTensor* p = weights_.position_embd) {
        dequantize(p->type, p->data + b.positions[i] * p->row_bytes(), d, row.data());
        add(x + i * d, row.data(), d);
      }
    }
  });
}

}  // namespace ponder
