// ponder's matrix products beside oneDNN's, with the same shapes and threads, in bf16 with float32
// sums (docs/adr/0003-own-gemm.md), those of one row over compact weights,
// and those of packed and lean weights.
#include <benchmark/benchmark.h>

#include <dnnl.hpp>
#include <vector>

#include "base/buffer.h"
#include "base/pages.h"
#include "base/parallel.h"
#include "ops/compact.h"
#include "ops/linear.h"
#include "ponder/core/machine.h"

namespace {

using namespace ponder;

const int kThreads = available_threads();

void report(benchmark::State& state, int m, int k, int n) {
  state.counters["GFLOPS"] = benchmark::Counter(
      2e-9 * m * k * n * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void ours(benchmark::State& state) {
  const int m = static_cast<int>(state.range(0)), k = static_cast<int>(state.range(1)),
            n = static_cast<int>(state.range(2));
  const GemmKernel& kernel = gemm_kernel(Compute::kBF16);
  const std::size_t stride = panel_bytes(Compute::kBF16, k);
  Buffer<std::byte> a(static_cast<std::size_t>(round_up(m, kRowBlock)) * a_stride(k) * 2),
      w(stride * n / kPanel);
  Buffer<float> c(static_cast<std::size_t>(round_up(m, kRowBlock)) * n);
  std::fill_n(a.data(), a.size(), std::byte{0});
  std::fill_n(w.data(), w.size(), std::byte{0});
  for (auto _ : state)
    parallel_ranges(kThreads, n / kPanel, [&](std::int64_t b, std::int64_t e) {
      kernel.run(a.data(), a_stride(k), m, w.data() + b * stride, round_up(k, kKBlock),
                 static_cast<int>(e - b), c.data() + b * kPanel, n, false);
    });
  report(state, m, k, n);
}

void onednn(benchmark::State& state) {
  const auto m = state.range(0), k = state.range(1), n = state.range(2);
  using memory = dnnl::memory;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const memory::desc a({m, k}, memory::data_type::bf16, memory::format_tag::ab),
      c({m, n}, memory::data_type::f32, memory::format_tag::ab);
  const memory::desc any({k, n}, memory::data_type::bf16, memory::format_tag::any);
  const dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(a, any, c), engine);
  const dnnl::matmul matmul(pd);
  memory am(a, engine), wm(pd.weights_desc(), engine), cm(c, engine);
  for (auto _ : state) {
    matmul.execute(stream, {{DNNL_ARG_SRC, am}, {DNNL_ARG_WEIGHTS, wm}, {DNNL_ARG_DST, cm}});
    stream.wait();
  }
  report(state, static_cast<int>(m), static_cast<int>(k), static_cast<int>(n));
}

// One row over four- or eight-bit weights; the bytes counted are those of the weights.
void compact(benchmark::State& state) {
  const auto compute = static_cast<Compute>(state.range(2));
  const int k = static_cast<int>(state.range(0)), n = static_cast<int>(state.range(1));
  const GemmKernel& kernel = gemm_kernel(compute);
  const CompactForm form{.scales = CompactForm::Scales::kIntegers,
                         .eight_bits = state.range(3) == 8};
  Pages pages;
  const std::size_t bytes = form.panel_bytes(k) * n / kPanel;
  const auto w = pages.take(bytes);
  Buffer<std::byte> a(static_cast<std::size_t>(a_stride(k)) * 4);
  Buffer<float> c(n);
  std::fill_n(a.data(), a.size(), std::byte{0});
  std::fill_n(w.get(), bytes, std::byte{0});
  parallel_region(kThreads, [&] {
    for (auto _ : state)
      parallel_ranges(kThreads, n / kPanel, [&](std::int64_t b, std::int64_t e) {
        kernel.run_compact(form, a.data(), a_stride(k), 1, w.get() + b * form.panel_bytes(k), k,
                           static_cast<int>(e - b), c.data() + b * kPanel, n);
      });
  });
  report(state, 1, k, n);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

// A matrix in the forms of WeightForm, larger than the caches. Its blocks are of one type, with
// scales and levels that are any bytes.
void forms(benchmark::State& state) {
  const auto type = static_cast<TensorType>(state.range(1));
  const int m = static_cast<int>(state.range(2));
  constexpr int kIn = 1536, kOut = 65536;
  GgufTensor tensor{.name = "w", .type = type, .shape = {kIn, kOut}, .n_values = kIn * kOut};
  std::vector<std::byte> blocks(static_cast<std::size_t>(tensor.row_bytes()) * kOut, std::byte{1});
  tensor.data = blocks.data();
  Pages pages;
  const Linear w({&tensor}, gemm_kernel(Compute::kBF16), static_cast<WeightForm>(state.range(0)),
                 pages, kThreads);
  Buffer<std::byte> a(static_cast<std::size_t>(round_up(m, kRowBlock)) * a_stride(kIn) * 2);
  Buffer<float> c(static_cast<std::size_t>(round_up(m, kRowBlock)) * kOut);
  std::fill_n(a.data(), a.size(), std::byte{0});
  parallel_region(kThreads, [&] {
    for (auto _ : state) w.forward(a.data(), a_stride(kIn), m, c.data(), kOut, kThreads);
  });
  report(state, m, kIn, kOut);
}

void shapes(benchmark::internal::Benchmark* b) {
  for (const auto& [k, n] :
       {std::pair{576, 960}, {576, 3072}, {1536, 576}, {576, 49152}, {2048, 5632}})
    for (const int m : {1, 16, 64, 512}) b->Args({m, k, n});
  b->UseRealTime()->MinTime(0.1);
}
BENCHMARK(compact)
    ->ArgsProduct({{576, 1536}, {576, 3072, 196608}, {0, 1}, {4, 8}})
    ->ArgNames({"k", "n", "bf16", "bits"})
    ->UseRealTime();
BENCHMARK(forms)
    ->ArgsProduct({{1, 2}, {12, 14}, {1, 4, 8, 12, 16, 32, 64, 512}})  // packed, lean; Q4_K, Q6_K
    ->ArgNames({"form", "type", "m"})
    ->UseRealTime();
BENCHMARK(ours)->Apply(shapes);
BENCHMARK(onednn)->Apply(shapes);

}  // namespace
