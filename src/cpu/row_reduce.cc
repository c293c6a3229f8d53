// RowReducer: the sweep over the vocabulary, and the final results of each row.
#include "cpu/row_reduce.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/counted_noise.h"
#include "base/infinity.h"
#include "base/parallel.h"

namespace ponder {
namespace {

constexpr auto kBetter = [](const auto& a, const auto& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
};

// Entries [begin, begin + n) of a draw's noise; nullptr if the draw has no noise.
const float* noise_of_block(const Draw& d, int begin, int n) {
  if (!d.counted) return d.noise ? d.noise + begin : nullptr;
  thread_local std::vector<float> made;
  made.resize(n);
  counted_gumbels(*d.counted, begin, made);
  return made.data();
}

}  // namespace

// noise: (n), or nullptr.
void RowReducer::pick_max(const float* noise, double alpha, int begin, const float* l, int n,
                          Picks& p) {
  for (int i = 0; i < n; ++i) {
    if (l[i] == -kFloatInf) continue;
    const double value = alpha * l[i] + (noise ? noise[i] : 0.f);
    // A thread gets its blocks in any order, so a tie is decided by the smaller id, not by what
    // came first.
    if (p.best_token < 0 || value > p.best || (value == p.best && begin + i < p.best_token)) {
      p.best = value;
      p.best_token = begin + i;
      p.best_logit = l[i];
    }
  }
}

void RowReducer::pick_list(const Draw& draw, int begin, const float* l, int n, float block_max,
                           Picks& p) {
  p.run_max = std::max(p.run_max, block_max);
  // The log normaliser is at least run_max, so every logit below bound + run_max has lp < bound.
  // The slack of 1e-3 covers rounding.
  const double bound = draw.bound + p.run_max - 1e-3;
  if (block_max < bound) {
    p.left_max = std::max(p.left_max, block_max);
    return;
  }
  const auto capacity = static_cast<std::size_t>(std::max(draw.max_items, 0));
  for (int i = 0; i < n; ++i) {
    const Candidate c{l[i], begin + i};
    if (c.logit == -kFloatInf) continue;
    if (c.logit < bound || capacity == 0 ||
        (p.heap.size() == capacity && !kBetter(c, p.heap.front()))) {
      p.left_max = std::max(p.left_max, c.logit);
      continue;
    }
    if (p.heap.size() == capacity) {
      std::pop_heap(p.heap.begin(), p.heap.end(), kBetter);
      p.left_max = std::max(p.left_max, p.heap.back().logit);
      p.heap.pop_back();
    }
    p.heap.push_back(c);
    std::push_heap(p.heap.begin(), p.heap.end(), kBetter);
  }
}

void RowReducer::reduce_block(const RowRequest& r, int row, int block, float* l, int thread) {
  const Needs& needs = *r.needs;
  const int begin = blocks_.begin(block), n = blocks_.size(block);
  const bool lz = needs.lz || needs.draw.kind == Draw::Kind::kInverseCdf;
  BlockSums& sums = sums_[static_cast<std::size_t>(row) * blocks_.count() + block];
  blocks_.finish(block, r.mask, l);
  sums = blocks_.sums(block, l, needs.alpha, lz, needs.entropy);
  if (r.target >= begin && r.target < begin + n) target_logit_[row] = l[r.target - begin];
  Picks& picks = picks_[static_cast<std::size_t>(row) * model_.info().n_threads + thread];
  if (needs.draw.kind == Draw::Kind::kArgmax) {
    const float* noise = noise_of_block(needs.draw, begin, n);
    if (noise || picks.best_token < 0 || needs.alpha * sums.max >= picks.best)
      pick_max(noise, needs.alpha, begin, l, n, picks);
  }
  if (needs.draw.kind == Draw::Kind::kList) pick_list(needs.draw, begin, l, n, sums.max, picks);
  if (needs.draw.kind == Draw::Kind::kRow) std::copy_n(l, n, r.out->logits.data() + begin);
}

void RowReducer::draw_inverse_cdf(const RowRequest& r, int row, double max, double lse) const {
  const double alpha = r.needs->alpha;
  const std::span<const BlockSums> sums = sums_of(row);
  const auto mass = [&](int b) {
    return sums[b].s_alpha > 0 ? sums[b].s_alpha * std::exp(alpha * (sums[b].max - max)) : 0.;
  };
  double total = 0;
  for (int b = 0; b < blocks_.count(); ++b) total += mass(b);
  double rest = r.needs->draw.u * total;
  int block = -1;
  for (int b = 0; b < blocks_.count(); ++b) {
    if (mass(b) <= 0) continue;
    block = b;
    if (rest < mass(b)) break;
    rest -= mass(b);
  }
  // Computes the block's logits again. They have the same bits as before, since the numbers of a
  // row do not depend on the batch.
  Buffer<std::byte> hidden;
  Buffer<float> l(static_cast<std::size_t>(kRowBlock) * kBlock);
  blocks_.gather(std::span(&r, 1), hidden);
  blocks_.logits(block, hidden, 1, l.data(), kBlock);
  blocks_.finish(block, r.mask, l.data());
  double cdf = 0;
  for (int i = 0; i < blocks_.size(block); ++i) {
    const double p = std::exp(alpha * (static_cast<double>(l[i]) - max));
    if (p == 0) continue;
    cdf += p;
    // If rounding leaves u above the sum, the last id with any mass is drawn.
    r.out->drawn = blocks_.begin(block) + i;
    r.out->drawn_logprob = l[i] - lse;
    if (rest < cdf) return;
  }
}

void RowReducer::finish_list(const RowRequest& r, int row, double lse) const {
  const int threads = model_.info().n_threads;
  std::vector<Candidate> all;
  float left = -kFloatInf;
  for (int t = 0; t < threads; ++t) {
    const Picks& p = picks_[static_cast<std::size_t>(row) * threads + t];
    all.insert(all.end(), p.heap.begin(), p.heap.end());
    left = std::max(left, p.left_max);
  }
  std::sort(all.begin(), all.end(), kBetter);
  double mass = 0;
  for (const Candidate& c : all) {
    const double lp = c.logit - lse;
    if (lp < r.needs->draw.bound ||
        static_cast<int>(r.out->list.size()) >= r.needs->draw.max_items) {
      left = std::max(left, c.logit);
      break;
    }
    r.out->list.push_back({c.token, lp});
    mass += std::exp(lp);
  }
  r.out->next_logprob = left - lse;
  r.out->mass_left = std::max(0., 1 - mass);
}

Status RowReducer::finish(const RowRequest& r, int row) const {
  const auto [max, lse, lz, mean_excess] = total(sums_of(row), r.needs->alpha);
  if (!std::isfinite(lse))
    return Error{Code::kNumeric, "finite logits", std::to_string(lse) + " as their log-sum-exp",
                 "a vocabulary row", "the model file may be corrupt, or the mask allows no token"};
  Row& out = *r.out;
  if (r.target >= 0) out.logprob = target_logit_[row] - lse;
  if (r.needs->lz) out.lz = lz;
  if (r.needs->entropy) out.entropy = lse - max - mean_excess;
  switch (r.needs->draw.kind) {
    case Draw::Kind::kNone:
      break;
    case Draw::Kind::kInverseCdf:
      draw_inverse_cdf(r, row, max, lse);
      break;
    case Draw::Kind::kList:
      finish_list(r, row, lse);
      break;
    case Draw::Kind::kRow:
      out.log_normalizer = lse;
      break;
    case Draw::Kind::kArgmax: {
      const Picks* p = &picks_[static_cast<std::size_t>(row) * model_.info().n_threads];
      const Picks* best = nullptr;
      for (int t = 0; t < model_.info().n_threads; ++t)
        if (p[t].best_token >= 0 &&
            (!best || p[t].best > best->best ||
             (p[t].best == best->best && p[t].best_token < best->best_token)))
          best = &p[t];
      out.drawn = best->best_token;
      out.drawn_logprob = best->best_logit - lse;
      break;
    }
  }
  return {};
}

Status RowReducer::run_chunk(std::span<const RowRequest> requests) {
  const int m = static_cast<int>(requests.size()), threads = model_.info().n_threads;
  blocks_.gather(requests, hidden_);
  sums_.assign(static_cast<std::size_t>(m) * blocks_.count(), BlockSums{});
  target_logit_.assign(m, -kFloatInf);
  Picks fresh;
  fresh.run_max = fresh.left_max = -kFloatInf;
  picks_.assign(static_cast<std::size_t>(m) * threads, fresh);
  for (const RowRequest& r : requests)
    if (r.needs->draw.kind == Draw::Kind::kRow) r.out->logits.resize(model_.config().n_vocab);
  parallel_for(threads, blocks_.count(), [&](std::int64_t block) {
    thread_local Buffer<float> logits;
    logits.grow(static_cast<std::size_t>(round_up(m, kRowBlock)) * kBlock);
    blocks_.logits(static_cast<int>(block), hidden_, m, logits.data(), kBlock);
    for (int i = 0; i < m; ++i)
      reduce_block(requests[i], i, static_cast<int>(block),
                   logits.data() + static_cast<std::size_t>(i) * kBlock, thread_index());
  });
  std::vector<Status> status(m);
  parallel_for(threads, m,
               [&](std::int64_t i) { status[i] = finish(requests[i], static_cast<int>(i)); });
  for (const Status& s : status) PONDER_TRY(s);
  return {};
}

Status RowReducer::run(std::span<const RowRequest> requests) {
  for (std::size_t i = 0; i < requests.size(); i += kChunk)
    PONDER_TRY(run_chunk(requests.subspan(i, std::min<std::size_t>(kChunk, requests.size() - i))));
  return {};
}

}  // namespace ponder
