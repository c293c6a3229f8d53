// Session::bench: the list of workloads, what is counted for each, and the run of those that are
// asked for.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <algorithm>
#include <span>

#include "ponder/core/spelling.h"
#include "session/bench_work.h"

namespace ponder {
namespace {

constexpr int kContext = 512;  // tokens of the longest workload

struct Work {
  const char *name, *unit;
  Result<BenchRate> (*run)(Bench&);
  double (*gflop)(const Bench&) = nullptr;  // operations of one token; null: not counted
  double (*gb)(const Bench&) = nullptr;     // bytes of the file that are read for one token
  bool gradient = false;
};

// All workloads, in the order in which they run.
std::span<const Work> works() {
  using D = Draw::Kind;
  constexpr auto kPrompt = [](const Bench& b) {
    return b.layers_gflop();
    // A prompt's rows are not asked for.
  };
  constexpr auto kRows = [](const Bench& b) { return b.layers_gflop() + b.vocabulary_gflop(); };
  // The last of a reply's 24 tokens is not fed.
  constexpr auto kReply = [](const Bench& b) {
    return b.layers_gflop() * 23 / 24 + b.vocabulary_gflop();
  };
  constexpr auto kGradient = [](const Bench& b) {
    return 2 * (b.layers_gflop() * 23 / 24 + b.vocabulary_gflop());
  };
  constexpr auto kFile = [](const Bench& b) { return b.weights_gb(); };
  static const Work all[] = {
      {"prefill512", "tokens/s", [](Bench& b) { return b.prefill(512); }, kPrompt},
      {"decode128", "tokens/s", [](Bench& b) { return b.decode(128, 1, 128, D::kArgmax); }, kRows,
       kFile},
      {"rows64x24", "tokens/s", [](Bench& b) { return b.rows(128, 64, 24); }, kReply},
      {"streams16x32", "tokens/s", [](Bench& b) { return b.decode(128, 16, 32, D::kInverseCdf); },
       kRows},
      {"rows16x24", "tokens/s", [](Bench& b) { return b.rows(128, 16, 24); }, kReply},
      {"valgrad1x24", "tokens/s", [](Bench& b) { return b.gradient(128, 1, 24); }, kGradient,
       nullptr, true},
      {"valgrad16x24", "tokens/s", [](Bench& b) { return b.gradient(128, 16, 24); }, kGradient,
       nullptr, true},
      {"gemm_peak_gflops", "GFLOPS", [](Bench& b) { return b.gemm_peak(); },
       [](const Bench&) { return 1.0; }},
      {"dram_gbs", "GB/s", [](Bench& b) { return b.dram_read(); }, nullptr,
       [](const Bench&) { return 1.0; }},
      {"drift_decode", "nats", [](Bench& b) { return b.drift_of_decoding(); }},
      {"drift_f32", "nats", [](Bench& b) { return b.drift_from_f32(); }},
  };
  return all;
}

double peak_rss_mb() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return static_cast<double>(u.ru_maxrss) / 1024;
}

Status check_request(const BenchRequest& r, const Session& s, int n_ctx) {
  const std::vector<std::string> names = bench_names();
  for (const std::string& name : r.only)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return Error{Code::kInvalid, fmt::format("one of {}", fmt::join(names, " ")),
                   "'" + name + "'", "bench", did_you_mean(name, names, 4)};
  if (r.repeats < 1)
    return Error{Code::kInvalid, "at least one repeat", std::to_string(r.repeats), "bench", ""};
  if (n_ctx < kContext)
    return Error{Code::kInvalid, fmt::format("a context of at least {} tokens", kContext),
                 std::to_string(n_ctx), s.text().file().path(), "use a larger model"};
  return {};
}

}  // namespace

std::vector<std::string> bench_names() {
  std::vector<std::string> all;
  for (const Work& w : works()) all.emplace_back(w.name);
  return all;
}

Result<BenchAnswer> Session::bench(const BenchRequest& r) {
  PONDER_TRY(check_request(r, *this, density_->n_ctx()));
  Bench bench(*this, r.repeats);
  BenchAnswer a;
  a.rss_mb = peak_rss_mb();
  a.model = model_->info();
  a.file = text_->shared_file();
  for (const Work& w : works()) {
    if (!r.only.empty() && std::find(r.only.begin(), r.only.end(), w.name) == r.only.end())
      continue;
    BenchResult& result = a.results.emplace_back(BenchResult{.name = w.name, .unit = w.unit});
    PONDER_ASSIGN(result.rate, w.run(bench));
    if (w.gflop) result.gflops = result.rate.median * w.gflop(bench);
    if (w.gb) result.gbs = result.rate.median * w.gb(bench);
    if (w.gflop && !w.gradient && result.unit == "tokens/s") a.rss_mb = peak_rss_mb();
    if (r.progress) r.progress(result);
  }
  return a;
}

}  // namespace ponder
