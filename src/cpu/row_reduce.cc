// RowReducer: the sweep over the vocabulary, and the final results of each row.
#include "cpu/row_reduce.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/counted_noise.h"
#include "base/parallel.h"
#include "ops/activation.h"

namespace ponder {
namespace {

constexpr float kMinusInf = -std::numeric_limits<float>::infinity();
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

void finish_logits(const Config& c, const TokenMask* mask, int begin, int n, float* l) {
  if (c.final_soft_cap > 0) soft_cap(l, n, c.final_soft_cap);
  if (!mask) return;
  for (int i = 0; i < n; ++i)
    if (!(*mask)[begin + i]) l[i] = kMinusInf;
}

RowTotals total(std::span<const BlockSums> blocks, double alpha) {
  double max = kMinusInf, s = 0, s_alpha = 0, dot = 0;
  for (const BlockSums& b : blocks) max = std::max<double>(max, b.max);
  for (const BlockSums& b : blocks) {
    if (b.s <= 0) continue;
    const double scale = std::exp(b.max - max);
    s += b.s * scale;
    s_alpha += b.s_alpha * std::exp(alpha * (b.max - max));
    dot += scale * (b.s_dot + b.s * (b.max - max));
  }
  const double lse = max + std::log(s);
  return {max, lse, alpha == 1 ? 0 : std::log(s_alpha) + alpha * (max - lse), dot / s};
}

int RowReducer::n_blocks() const {
  return (model_.weights().output.n_panels() + kBlockPanels - 1) / kBlockPanels;
}
int RowReducer::block_size(int block) const {
  return std::min(kBlock, model_.config().n_vocab - block * kBlock);
}

// out: (m, kBlock)
void RowReducer::logits_of_block(int block, const std::byte* a, int m, float* out) const {
  const Linear& w = model_.weights().output;
  const int begin = block * kBlockPanels, end = std::min(begin + kBlockPanels, w.n_panels());
  w.forward_panels(a, a_stride(w.n_in()), m, begin, end, out, kBlock);
}

// noise: (n), or nullptr.
void RowReducer::pick_max(const float* noise, double alpha, int begin, const float* l, int n,
                          Picks& p) {
  for (int i = 0; i < n; ++i) {
    if (l[i] == kMinusInf) continue;
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
    if (c.logit == kMinusInf) continue;
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
  const int begin = block * kBlock, n = block_size(block);
  finish_logits(model_.config(), r.mask, begin, n, l);
  const bool alpha = needs.alpha != 1 && (needs.lz || needs.draw.kind == Draw::Kind::kInverseCdf);
  BlockSums& sums = sums_[static_cast<std::size_t>(row) * n_blocks() + block];
  sums = block_sums(l, n, static_cast<float>(needs.alpha), alpha, needs.entropy);
  if (!alpha) sums.s_alpha = sums.s;
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
  const BlockSums* sums = &sums_[static_cast<std::size_t>(row) * n_blocks()];
  const auto mass = [&](int b) {
    return sums[b].s_alpha > 0 ? sums[b].s_alpha * std::exp(alpha * (sums[b].max - max)) : 0.;
  };
  double total = 0;
  for (int b = 0; b < n_blocks(); ++b) total += mass(b);
  double rest = r.needs->draw.u * total;
  int block = -1;
  for (int b = 0; b < n_blocks(); ++b) {
    if (mass(b) <= 0) continue;
    block = b;
    if (rest < mass(b)) break;
    rest -= mass(b);
  }
  // Computes the block's logits again. They have the same bits as before, since the numbers of a
  // row do not depend on the batch.
  Buffer<std::byte> a(model_.kernel().compute == Compute::kF32
                          ? kRowBlock * a_stride(model_.config().n_embd) * 4
                          : kRowBlock * a_stride(model_.config().n_embd) * 2);
  Buffer<float> l(static_cast<std::size_t>(kRowBlock) * kBlock);
  std::memcpy(a.data(), kv_.hidden(r.slot),
              a_stride(model_.config().n_embd) * compute_bytes(model_.kernel().compute));
  logits_of_block(block, a.data(), 1, l.data());
  finish_logits(model_.config(), r.mask, block * kBlock, block_size(block), l.data());
  double cdf = 0;
  for (int i = 0; i < block_size(block); ++i) {
    const double p = std::exp(alpha * (static_cast<double>(l[i]) - max));
    if (p == 0) continue;
    cdf += p;
    // If rounding leaves u above the sum, the last id with any mass is drawn.
    r.out->drawn = block * kBlock + i;
    r.out->drawn_logprob = l[i] - lse;
    if (rest < cdf) return;
  }
}

void RowReducer::finish_list(const RowRequest& r, int row, double lse) const {
  const int threads = model_.info().n_threads;
  std::vector<Candidate> all;
  float left = kMinusInf;
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
  const auto [max, lse, lz, mean_excess] = total(
      {&sums_[static_cast<std::size_t>(row) * n_blocks()], static_cast<std::size_t>(n_blocks())},
      r.needs->alpha);
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
  const std::size_t stride =
      a_stride(model_.config().n_embd) * compute_bytes(model_.kernel().compute);
  a_.grow(stride * round_up(m, kRowBlock));
  sums_.assign(static_cast<std::size_t>(m) * n_blocks(), BlockSums{});
  target_logit_.assign(m, kMinusInf);
  Picks fresh;
  fresh.run_max = fresh.left_max = kMinusInf;
  picks_.assign(static_cast<std::size_t>(m) * threads, fresh);
  for (int i = 0; i < m; ++i) {
    std::memcpy(a_.data() + i * stride, kv_.hidden(requests[i].slot), stride);
    if (requests[i].needs->draw.kind == Draw::Kind::kRow)
      requests[i].out->logits.resize(model_.config().n_vocab);
  }
  parallel_for(threads, n_blocks(), [&](std::int64_t block) {
    thread_local Buffer<float> logits;
    logits.grow(static_cast<std::size_t>(round_up(m, kRowBlock)) * kBlock);
    logits_of_block(static_cast<int>(block), a_.data(), m, logits.data());
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
