// Work of the engine as searches and samplers have it, on fixed tokens that are spread over the vocabulary.
#include "bench_work.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/buffer.h"
#include "base/parallel.h"
#include "ops/gemm.h"
#include "ponder/gradient.h"

namespace ponder::app {

Rate rate_of(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return {x[x.size() / 2], x.front(), x.back()};
}

// Rates of `units` a second over repeats of fn.
template <class F>
Rate Bench::measure(double units, const F& fn) const {
  using Clock = std::chrono::steady_clock;
  std::vector<double> rates;
  for (int i = 0; i <= repeats_; ++i) {
    const auto start = Clock::now();
    fn(i);
    if (i > 0) rates.push_back(units / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return rate_of(std::move(rates));
}

Token Bench::token(int i) const {
  return static_cast<Token>((static_cast<std::uint64_t>(i) * 2654435761u >> 7) %
                            static_cast<std::uint64_t>(d_.n_vocab()));
}

PrefixRef Bench::context(int n, int seed) {
  std::vector<Token> ids;
  for (int i = 0; i < n; ++i) ids.push_back(token(seed * 10007 + i));
  return must(d_.add_context(ids));
}

Rate Bench::prefill(int n) {
  return measure(n, [&](int i) { (void)context(n, i); });
}

Rate Bench::decode(int n_prompt, int n_streams, int n_tokens, Draw::Kind draw) {
  const PrefixRef prompt = context(n_prompt, 1000);
  return measure(n_streams * n_tokens, [&](int i) {
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
      must(d_.extend(batch, rows));
      for (int s = 0; s < n_streams; ++s) {
        at[s] = std::move(rows.end[s]);
        last[s] = rows.rows[s].drawn;
      }
    }
  });
}

Rate Bench::rows(int n_prompt, int n_rows, int n_tokens) {
  const PrefixRef prompt = context(n_prompt, 2000);
  return measure(n_rows * n_tokens, [&](int i) {
    std::vector<std::vector<Token>> replies(n_rows);
    std::vector<Extend> batch;
    for (int s = 0; s < n_rows; ++s) {
      for (int t = 0; t < n_tokens; ++t) replies[s].push_back(token(i * 7919 + s * 131 + t));
      batch.push_back({.parent = prompt, .tokens = replies[s], .rows = RowSet::kTargets});
    }
    Rows out;
    must(d_.extend(batch, out));
  });
}

Rate Bench::gradient(int n_prompt, int n_chains, int n_tokens) {
  const PrefixRef prompt = context(n_prompt, 3000);
  return measure(n_chains * n_tokens, [&](int i) {
    std::vector<std::vector<Token>> replies(n_chains);
    std::vector<SoftReply> batch;
    for (int s = 0; s < n_chains; ++s) {
      for (int t = 0; t < n_tokens; ++t) replies[s].push_back(token(i * 7919 + s * 131 + t));
      batch.push_back({.parent = prompt, .candidates = replies[s]});
    }
    std::vector<ReplyGradient> out;
    must(d_.value_and_grad(batch, {}, {}, out));
  });
}

Rate Bench::gemm_peak() {
  const ModelInfo& m = engine_.model->info();
  const GemmKernel& kernel = gemm_kernel(m.precision == Precision::kBF16 ? Compute::kBF16 : Compute::kF32);
  const int rows = 512, k = m.n_embd, panels = 2 * m.n_ff / kPanel, lda = a_stride(k);
  const std::size_t size = compute_bytes(kernel.compute), stride = panel_bytes(kernel.compute, k);
  Buffer<std::byte> a(rows * lda * size), w(panels * stride);
  std::fill_n(a.data(), a.size(), std::byte{0});
  std::fill_n(w.data(), w.size(), std::byte{0});
  constexpr int kInner = 20, kTile = 2;  // panels at a time, as the engine takes them: what is written stays in cache
  return measure(2e-9 * kInner * rows * k * panels * kPanel, [&](int) {
    parallel_region(m.n_threads, [&] {
      for (int i = 0; i < kInner; ++i)
        parallel_for(m.n_threads, panels / kTile, [&](std::int64_t tile) {
          thread_local Buffer<float> c;
          c.grow(static_cast<std::size_t>(rows) * kTile * kPanel);
          kernel.run(a.data(), lda, rows, w.data() + tile * kTile * stride, round_up(k, kKBlock), kTile, c.data(),
                     kTile * kPanel, false);
        });
    });
  });
}

Rate Bench::dram_read() {
  const std::int64_t n = 64 << 20;  // 512 MB
  std::vector<std::uint64_t> x(n, 1);
  return measure(8e-9 * static_cast<double>(n), [&](int) {
    parallel_ranges(engine_.model->info().n_threads, n, [&](std::int64_t b, std::int64_t e) {
      // The C library's search is the plainest read at full width: the byte is nowhere.
      if (std::memchr(x.data() + b, 2, static_cast<std::size_t>(e - b) * 8)) std::abort();
    });
  });
}

double Bench::vocabulary_gflop() const {
  const ModelInfo& m = engine_.model->info();
  return 2e-9 * m.n_vocab * m.n_embd;
}
double Bench::layers_gflop() const {
  const bool tied = !engine_.text.file->find("output.weight");  // else the embedding is there beside it
  return 2e-9 * static_cast<double>(engine_.model->info().n_parameters) - (tied ? 1 : 2) * vocabulary_gflop();
}
double Bench::weights_gb() const {
  double gb = 0;
  for (const GgufTensor& t : engine_.text.file->tensors()) gb += 1e-9 * static_cast<double>(t.n_bytes);
  return gb;
}

std::span<const Work> bench_works() {
  using D = Draw::Kind;
  constexpr auto kPrompt = [](const Bench& b) { return b.layers_gflop(); };  // nobody asks for its rows
  constexpr auto kRows = [](const Bench& b) { return b.layers_gflop() + b.vocabulary_gflop(); };
  // Of 24 tokens of a reply the last is not fed.
  constexpr auto kReply = [](const Bench& b) { return b.layers_gflop() * 23 / 24 + b.vocabulary_gflop(); };
  constexpr auto kGradient = [](const Bench& b) { return 2 * (b.layers_gflop() * 23 / 24 + b.vocabulary_gflop()); };
  constexpr auto kFile = [](const Bench& b) { return b.weights_gb(); };
  static const Work works[] = {
      {"prefill512", "tokens/s", [](Bench& b) { return b.prefill(512); }, kPrompt},
      {"decode128", "tokens/s", [](Bench& b) { return b.decode(128, 1, 128, D::kArgmax); }, kRows, kFile},
      {"rows64x24", "tokens/s", [](Bench& b) { return b.rows(128, 64, 24); }, kReply},
      {"streams16x32", "tokens/s", [](Bench& b) { return b.decode(128, 16, 32, D::kInverseCdf); }, kRows},
      {"rows16x24", "tokens/s", [](Bench& b) { return b.rows(128, 16, 24); }, kReply},
      {"valgrad1x24", "tokens/s", [](Bench& b) { return b.gradient(128, 1, 24); }, kGradient, nullptr, true},
      {"valgrad16x24", "tokens/s", [](Bench& b) { return b.gradient(128, 16, 24); }, kGradient, nullptr, true},
      {"gemm_peak_gflops", "GFLOPS", [](Bench& b) { return b.gemm_peak(); }, [](const Bench&) { return 1.0; }},
      {"dram_gbs", "GB/s", [](Bench& b) { return b.dram_read(); }, nullptr, [](const Bench&) { return 1.0; }},
      {"drift_decode", "nats", [](Bench& b) { return b.drift_of_decoding(); }},
      {"drift_f32", "nats", [](Bench& b) { return b.drift_from_f32(); }},
  };
  return works;
}

}  // namespace ponder::app
