// OutsideEngine: slots become prefixes of tokens, and whole rows what was asked of them.
#include "outside/engine.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/check.h"
#include "base/parallel.h"
#include "law/small_row.h"
#include "outside/objective.h"

namespace ponder {
namespace {

constexpr int kPassRows = 256;
constexpr std::size_t kChunkFloats = std::size_t{32} << 20;  // of logits at a time

std::size_t rows_at_once(std::size_t n_vocab) {
  return std::clamp<std::size_t>(kChunkFloats / n_vocab, 1, kPassRows);
}

std::vector<SourceToken> tokens_of(const ForwardBatch& b) {
  std::vector<SourceToken> out;
  for (int i = 0; i < b.n(); ++i) {
    SourceToken t{b.slots[i], -1, b.positions[i], b.tokens[i]};
    int before = t.position;  // positions of the path that lie before the token
    for (const KvRun& run : b.path(i)) {
      if (before == 0) break;
      t.parent = run.slot + std::min(run.n, before) - 1;
      before -= std::min(run.n, before);
    }
    out.push_back(t);
  }
  return out;
}

}  // namespace

OutsideEngine::OutsideEngine(LogitSource& s, int n_slots, int n_threads)
    : Engine({.pass_rows = kPassRows}),
      source_(s),
      n_threads_(n_threads),
      fed_(static_cast<std::size_t>(n_slots)) {}

std::vector<Token> OutsideEngine::tokens_to(int slot) const {
  std::vector<Token> out;
  for (; slot >= 0; slot = fed_[slot].parent) out.push_back(fed_[slot].token);
  std::ranges::reverse(out);
  return out;
}

Status OutsideEngine::forward(const ForwardBatch& b, Keep keep) {
  const std::vector<SourceToken> tokens = tokens_of(b);
  for (const SourceToken& t : tokens)
    fed_[t.slot] = {t.parent, keep == Keep::kNothing ? t.token : Token{-1}};
  if (keep == Keep::kNothing) return source_.feed(tokens);
  std::vector<float> x(tokens.size() * n_embd());
  PONDER_TRY(embeddings(b.mixes, x));
  dlogits_.assign(tokens.size() * n_vocab(), 0.f);
  return source_.feed_vectors(tokens, x);
}

Status OutsideEngine::ask(std::span<const int> slots, std::span<float> out) {
  std::vector<std::vector<Token>> tokens;
  std::vector<SourcePrefix> prefixes;
  for (const int slot : slots) tokens.push_back(tokens_to(slot));
  for (std::size_t i = 0; i < slots.size(); ++i) prefixes.push_back({slots[i], tokens[i]});
  PONDER_TRY(source_.logits(prefixes, out));
  const auto bad = std::ranges::find_if(out, [](float x) { return !(x < INFINITY); });
  if (bad == out.end()) return {};
  return Error{Code::kNumeric, "logits that are finite or -inf", std::to_string(*bad),
               source_.name() + ", token " + std::to_string((bad - out.begin()) % n_vocab()), ""};
}

// Calls fn(row, logits) for each of the rows, in parallel, with the logits after its slot.
template <class R, class F>
Status OutsideEngine::for_rows(std::span<R> rows, const F& fn) {
  const std::size_t most = rows_at_once(n_vocab());
  std::vector<float> logits;
  for (std::size_t begin = 0; begin < rows.size(); begin += most) {
    const std::size_t n = std::min(most, rows.size() - begin);
    std::vector<int> slots;
    for (const auto& r : rows.subspan(begin, n)) slots.push_back(r.slot);
    logits.resize(n * n_vocab());
    PONDER_TRY(ask(slots, logits));
    std::vector<Status> status(n);
    parallel_for(n_threads_, static_cast<std::int64_t>(n),
                 [&](std::int64_t i) { status[i] = fn(rows[begin + i], row_of(logits, i)); });
    for (const Status& s : status) PONDER_TRY(s);
  }
  return {};
}

Status OutsideEngine::rows(std::span<const RowRequest> requests) {
  return for_rows(requests, [](const RowRequest& r, std::span<const float> logits) -> Status {
    PONDER_ASSIGN(const auto lp, log_probabilities(logits, r.mask));
    *r.out = small_row(lp, *r.needs, r.target);
    return {};
  });
}

Status OutsideEngine::objective(std::span<ObjectiveRow> rows, const Objective& o) {
  return for_rows(rows, [&](ObjectiveRow& r, std::span<const float> logits) {
    const bool is_constant = r.batch_row < 0;
    return differentiate(logits, o, r,
                         is_constant ? std::span<float>() : row_of(dlogits_, r.batch_row));
  });
}

Status OutsideEngine::backward(const ForwardBatch& b, std::span<const int> /*first_rows*/,
                               std::span<float> dx) {
  PONDER_CHECK(dlogits_.size() == static_cast<std::size_t>(b.n()) * n_vocab());
  return source_.backward(dlogits_, dx);
}

Status OutsideEngine::load_table() const {
  if (!table_.empty()) return {};
  std::vector<float> table(n_vocab() * n_embd());
  PONDER_TRY(source_.embeddings(table));
  table_ = std::move(table);
  return {};
}

Status OutsideEngine::embeddings(std::span<const TokenMix> mixes, std::span<float> out) const {
  PONDER_TRY(load_table());
  const std::size_t d = n_embd();
  parallel_for(n_threads_, static_cast<std::int64_t>(mixes.size()), [&](std::int64_t i) {
    const TokenMix& mix = mixes[i];
    const auto to = out.subspan(i * d, d);
    std::ranges::fill(to, 0.f);
    for (std::size_t j = 0; j < std::max<std::size_t>(mix.weights.size(), 1); ++j) {
      const float w = mix.weights.empty() ? 1.f : mix.weights[j];
      const float* e = table_.data() + mix.tokens[j] * d;
      for (std::size_t k = 0; k < d && w != 0; ++k) to[k] += w * e[k];
    }
  });
  return {};
}

Status OutsideEngine::slopes(std::span<const SlopeRequest> requests) const {
  PONDER_TRY(load_table());
  const std::size_t d = n_embd();
  for (const SlopeRequest& r : requests) {
    const auto n = static_cast<std::int64_t>(r.out.size());
    parallel_ranges(n_threads_, n, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::size_t t = i / r.m, j = i % r.m;
        const std::size_t id = r.ids.empty() ? j : r.ids[r.ids.size() == r.m ? j : i];
        const float *e = table_.data() + id * d, *de = r.de.data() + t * d;
        float sum = 0;
        for (std::size_t k = 0; k < d; ++k) sum += e[k] * de[k];
        r.out[i] += sum;
      }
    });
  }
  return {};
}

}  // namespace ponder
