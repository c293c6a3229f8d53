// ponder bench: the speed of this machine on a model: tokens per second for the engine's usual
// work, the machine's own rates of matrix products and memory, and how much the numbers of its
// precision differ from f32.
#include "ponder/session/bench.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>

#include "open_model.h"
#include "output.h"
#include "ponder/wire.h"

namespace ponder::app {
namespace {

struct BenchArgs {
  ModelArgs model;
  BenchRequest request;
  std::string format = "md";
  bool json = false;
};

// Prints nine cells; missing cells on the right are empty.
void print_row(std::vector<std::string> cells, bool csv) {
  constexpr std::size_t kColumns = 9;
  cells.resize(kColumns);
  std::string s = csv ? "" : "| ";
  for (std::size_t i = 0; i < kColumns; ++i) s += (i == 0 ? "" : csv ? "," : " | ") + cells[i];
  write(s + (csv ? "\n" : " |\n"));
}

double median_of(const BenchAnswer& a, const std::string& name) {
  for (const BenchResult& r : a.results)
    if (r.name == name) return r.rate.median;
  return 0;
}

// Prints the GFLOPS and GB/s of every workload, and their share of the machine's own rate if that
// was measured too.
void print_bench_table(const BenchAnswer& a, bool csv) {
  const double gemm = median_of(a, "gemm_peak_gflops"), dram = median_of(a, "dram_gbs");
  print_row({"work", "median", "min", "max", "unit", "GFLOPS", "of GEMM", "GB/s", "of DRAM"}, csv);
  if (!csv) print_row(std::vector<std::string>(9, "---"), csv);
  for (const BenchResult& r : a.results) {
    std::vector<std::string> cells{r.name};
    for (const double x : {r.rate.median, r.rate.min, r.rate.max})
      cells.push_back(fmt::format("{:.{}f}", x, r.unit == "nats" ? 4 : 1));
    cells.push_back(r.unit);
    for (const auto& [rate, most] : {std::pair{r.gflops, gemm}, {r.gbs, dram}}) {
      cells.push_back(rate ? fmt::format("{:.1f}", *rate) : "");
      cells.push_back(rate && most > 0 ? fmt::format("{:.0f} %", 100 * *rate / most) : "");
    }
    print_row(std::move(cells), csv);
  }
  print_row({"load_s", fmt::format("{:.2f}", a.load_seconds), "", "", "s"}, csv);
  print_row({"rss_mb", fmt::format("{:.0f}", a.rss_mb), "", "", "MB"}, csv);
  flush();
}

// Does not call work_begins(), so that a signal ends the program at once: there is nothing to lose.
Result<int> run_bench(const BenchArgs& a) {
  const auto start = std::chrono::steady_clock::now();
  PONDER_ASSIGN(const auto session, open_session(a.model));
  const double load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  PONDER_ASSIGN(BenchAnswer answer, session->bench(a.request));
  answer.load_seconds = load_seconds;
  if (a.json || a.format == "json")
    write_line(to_json(answer));
  else
    print_bench_table(answer, a.format == "csv");
  return 0;
}

}  // namespace

Run add_bench(CLI::App& app) {
  auto a = std::make_shared<BenchArgs>();
  a->model.add(app, true);
  app.add_flag("--json", a->json, "print one JSON object");
  app.add_option("--format", a->format, "md, csv or json")
      ->check(CLI::IsMember({"md", "csv", "json"}));
  app.add_option("--repeats", a->request.repeats,
                 "runs of each piece of work, after one that is not counted")
      ->check(CLI::Range(1, 1000));
  app.add_option("--only", a->request.only,
                 "run only these pieces of work, e.g. decode128,dram_gbs")
      ->delimiter(',')
      ->check(CLI::IsMember(bench_names()));
  app.footer(
      "prefill512: a prompt of 512; decode128: 128 tokens one by one after 128; rows64x24: 64 "
      "replies of 24 scored "
      "over one prompt of 128;\n"
      "streams16x32: 16 streams of 32 drawn side by side; valgrad16x24: value and gradient of 16 "
      "replies of 24 in one "
      "batch, whose forward pass alone is rows16x24.\nrss_mb: the most memory held up to the last "
      "work that is not a "
      "gradient.\nGFLOPS count every matrix that a token goes through, twice for a gradient; GB/s "
      "the file's weights, "
      "once a token of a single stream.\n"
      "drift_decode, drift_f32: how far log p of a token is, in nats, when replies are scored at "
      "once, from how they "
      "were decoded, and from f32.\n"
      "Examples:\n  ponder bench\n  ponder bench --json --repeats 9 --only rows64x24");
  return [a] { return run_bench(*a); };
}

}  // namespace ponder::app
