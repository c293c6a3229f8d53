// Bench: the engine's work as searches and samplers demand it, on fixed tokens that are spread over
// the vocabulary.
#include "session/bench_work.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/buffer.h"
#include "base/check.h"
#include "base/parallel.h"
#include "ops/gemm.h"
#include "ponder/density/gradient.h"

namespace ponder {

BenchRate rate_of(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return {x[x.size() / 2], x.front(), x.back()};
}

// Measures fn, which returns a Status, in `units` per second over the repeats.
template <class F>
Result<BenchRate> Bench::measure(double units, const F& fn) const {
  using Time = std::chrono::steady_clock;
  std::vector<double> rates;
  for (int i = 0; i <= repeats_; ++i) {
    const auto start = Time::now();
    PONDER_TRY(fn(i));
    if (i > 0) rates.push_back(units / std::chrono::duration<double>(Time::now() - start).count());
  }
  return rate_of(std::move(rates));
}

Token Bench::token(int i) const {
  return static_cast<Token>((static_cast<std::uint64_t>(i) * 2654435761u >> 7) %
                            static_cast<std::uint64_t>(d_.n_vocab()));
}

Result<PrefixRef> Bench::context(int n, int seed) {
  std::vector<Token> ids;
  for (int i = 0; i < n; ++i) ids.push_back(token(seed * 10007 + i));
  return d_.add_context(ids);
}

std::vector<std::vector<Token>> Bench::replies(int repeat, int n, int n_tokens) const {
  std::vector<std::vector<Token>> all(n);
  for (int s = 0; s < n; ++s)
    for (int t = 0; t < n_tokens; ++t) all[s].push_back(token(repeat * 7919 + s * 131 + t));
  return all;
}

Result<BenchRate> Bench::prefill(int n) {
  return measure(n, [&](int i) { return context(n, i).status(); });
}

Result<BenchRate> Bench::decode(int n_prompt, int n_streams, int n_tokens, Draw::Kind draw) {
  PONDER_ASSIGN(const PrefixRef prompt, context(n_prompt, 1000));
  return measure(n_streams * n_tokens, [&](int i) -> Status {
    std::vector<PrefixRef> at(n_streams, prompt);
    std::vector<Token> last(n_streams);
    for (int s = 0; s < n_streams; ++s) last[s] = token(s + 31 * i);
    Rows rows;
    for (int t = 0; t < n_tokens; ++t) {
      std::vector<Extend> batch;
      for (int s = 0; s < n_streams; ++s)
        batch.push_back({.parent = at[s],
                         .tokens = {&last[s], 1},
                         .rows = RowSet::kLast,
                         .needs = {.draw = {.kind = draw, .u = 0.37 * (s % 3)}}});
      PONDER_TRY(d_.extend(batch, rows));
      for (int s = 0; s < n_streams; ++s) {
        at[s] = std::move(rows.end[s]);
        last[s] = rows.rows[s].drawn;
      }
    }
    return {};
  });
}

Result<BenchRate> Bench::rows(int n_prompt, int n_rows, int n_tokens) {
  PONDER_ASSIGN(const PrefixRef prompt, context(n_prompt, 2000));
  return measure(n_rows * n_tokens, [&](int i) -> Status {
    const auto tokens = replies(i, n_rows, n_tokens);
    std::vector<Extend> batch;
    for (const auto& x : tokens)
      batch.push_back({.parent = prompt, .tokens = x, .rows = RowSet::kTargets});
    Rows out;
    return d_.extend(batch, out);
  });
}

Result<BenchRate> Bench::gradient(int n_prompt, int n_chains, int n_tokens) {
  PONDER_ASSIGN(const PrefixRef prompt, context(n_prompt, 3000));
  return measure(n_chains * n_tokens, [&](int i) -> Status {
    const auto tokens = replies(i, n_chains, n_tokens);
    std::vector<SoftReply> batch;
    for (const auto& x : tokens) batch.push_back({.parent = prompt, .candidates = x});
    std::vector<ReplyGradient> out;
    return d_.value_and_grad(batch, {}, {}, out);
  });
}

Result<BenchRate> Bench::gemm_peak() {
  const GemmKernel& kernel =
      gemm_kernel(info_.precision == Precision::kBF16 ? Compute::kBF16 : Compute::kF32);
  const int rows = 512, k = info_.n_embd, panels = 2 * info_.n_ff / kPanel, lda = a_stride(k);
  const std::size_t size = compute_bytes(kernel.compute), stride = panel_bytes(kernel.compute, k);
  Buffer<std::byte> a(rows * lda * size), w(panels * stride);
  std::fill_n(a.data(), a.size(), std::byte{0});
  std::fill_n(w.data(), w.size(), std::byte{0});
  constexpr int kInner = 20,
                // kTile panels at a time, as in the engine, so that the output stays in the cache.
      kTile = 2;
  return measure(2e-9 * kInner * rows * k * panels * kPanel, [&](int) -> Status {
    parallel_region(info_.n_threads, [&] {
      for (int i = 0; i < kInner; ++i)
        parallel_for(info_.n_threads, panels / kTile, [&](std::int64_t tile) {
          thread_local Buffer<float> c;
          c.grow(static_cast<std::size_t>(rows) * kTile * kPanel);
          kernel.run(a.data(), lda, rows, w.data() + tile * kTile * stride, round_up(k, kKBlock),
                     kTile, c.data(), kTile * kPanel, false);
        });
    });
    return {};
  });
}

Result<BenchRate> Bench::dram_read() {
  const std::int64_t n = 64 << 20;  // 512 MB
  std::vector<std::uint64_t> x(n, 1);
  return measure(8e-9 * static_cast<double>(n), [&](int) -> Status {
    parallel_ranges(info_.n_threads, n, [&](std::int64_t b, std::int64_t e) {
      // The C library's search for a byte reads memory at full width. The byte 2 does not occur.
      PONDER_CHECK(!std::memchr(x.data() + b, 2, static_cast<std::size_t>(e - b) * 8));
    });
    return {};
  });
}

double Bench::vocabulary_gflop() const { return 2e-9 * info_.n_vocab * info_.n_embd; }
double Bench::used_share(const GgufTensor& t) const {
  const bool of_experts = t.shape.size() == 3;
  return of_experts ? static_cast<double>(info_.n_experts_used) / info_.n_experts : 1;
}
double Bench::layers_gflop() const {
  // otherwise the embedding is a second matrix of the same size
  const bool tied = !session_.text().file().find("output.weight");
  double n_used = 0;
  for (const GgufTensor& t : session_.text().file().tensors())
    n_used += used_share(t) * static_cast<double>(t.n_values);
  return 2e-9 * n_used - (tied ? 1 : 2) * vocabulary_gflop();
}
double Bench::weights_gb() const {
  double gb = 0;
  for (const GgufTensor& t : session_.text().file().tensors())
    gb += 1e-9 * used_share(t) * static_cast<double>(t.n_bytes);
  return gb;
}

}  // namespace ponder
