// ponder bench: speed of this machine on a model: tokens a second of the engine's usual work, beside the machine's own
// rates of matrix products and memory; and how far the numbers of its precision are from f32.
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include <chrono>

#include "bench_work.h"
#include "output.h"

namespace ponder::app {
namespace {

struct Args {
  ModelArgs model;
  std::string format = "md";
  bool json = false;
  int repeats = 5;
  std::vector<std::string> only;  // empty: all
};

struct Result {
  const Work* work;
  Rate rate;
};

double peak_rss_mb() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return static_cast<double>(u.ru_maxrss) / 1024;
}

void print_json(const std::vector<Result>& results, const Engine& e, double load_s, double rss_mb) {
  Json j;
  for (const auto& [w, r] : results) j[w->name] = {{"median", r.median}, {"min", r.min}, {"max", r.max}};
  j["load_s"] = load_s;
  j["rss_mb"] = rss_mb;
  j["isa"] = e.model->info().isa;
  j["precision"] = to_string(e.model->info().precision);
  j["threads"] = e.model->info().n_threads;
  j["model"] = {{"file", e.text.file->path()}, {"sha256", e.text.file->sha256().substr(0, 16)}};
  write_json(j);
}

// GFLOPS and GB/s of every work, and the part of the machine's own rate that they are, when that was measured too.
void print_table(const std::vector<Result>& results, const Bench& b, bool csv, double load_s, double rss_mb) {
  const std::string bar = csv ? "," : " | ", left = csv ? "" : "| ", right = csv ? "\n" : " |\n";
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string s;
    for (const std::string& c : cells) s += (s.empty() ? left : bar) + c;
    write(s + right);
  };
  const auto number = [](double x, const char* form) {
    char text[32];
    std::snprintf(text, sizeof text, form, x);
    return std::string(text);
  };
  const auto peak = [&](const std::string& name) {
    for (const auto& [w, r] : results)
      if (w->name == name) return r.median;
    return 0.0;
  };
  const double gemm = peak("gemm_peak_gflops"), dram = peak("dram_gbs");
  line({"work", "median", "min", "max", "unit", "GFLOPS", "of GEMM", "GB/s", "of DRAM"});
  if (!csv) line(std::vector<std::string>(9, "---"));
  for (const auto& [w, r] : results) {
    const char* form = std::string(w->unit) == "nats" ? "%.4f" : "%.1f";
    std::vector<std::string> cells{w->name, number(r.median, form), number(r.min, form), number(r.max, form), w->unit};
    for (const auto& [of_one, most] : {std::pair{w->gflop, gemm}, {w->gb, dram}}) {
      const double rate = of_one ? r.median * of_one(b) : 0;
      cells.push_back(of_one ? number(rate, "%.1f") : "");
      cells.push_back(of_one && most > 0 ? number(100 * rate / most, "%.0f %%") : "");
    }
    line(cells);
  }
  line({"load_s", number(load_s, "%.2f"), "", "", "s", "", "", "", ""});
  line({"rss_mb", number(rss_mb, "%.0f"), "", "", "MB", "", "", "", ""});
  flush();
}

int run_bench(const Args& a) {
  const auto start = std::chrono::steady_clock::now();
  Engine e(a.model);
  const double load_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (e.density->n_ctx() < 512)
    fail({Code::kInvalid, "a context of at least 512 tokens", std::to_string(e.density->n_ctx()), e.text.file->path(),
          "use a larger model"});
  Bench b(a.model, e, a.repeats);
  std::vector<Result> results;
  double rss_mb = peak_rss_mb();
  for (const Work& w : bench_works()) {
    if (!a.only.empty() && std::find(a.only.begin(), a.only.end(), w.name) == a.only.end()) continue;
    results.push_back({&w, w.run(b)});
    if (w.gflop && !w.gradient && std::string(w.unit) == "tokens/s") rss_mb = peak_rss_mb();
  }
  if (a.json || a.format == "json")
    print_json(results, e, load_s, rss_mb);
  else
    print_table(results, b, a.format == "csv", load_s, rss_mb);
  return 0;
}

}  // namespace

Run add_bench(CLI::App& app) {
  auto a = std::make_shared<Args>();
  std::vector<std::string> names;
  for (const Work& w : bench_works()) names.emplace_back(w.name);
  a->model.add(app, true);
  app.add_flag("--json", a->json, "print one JSON object");
  app.add_option("--format", a->format, "md, csv or json")->check(CLI::IsMember({"md", "csv", "json"}));
  app.add_option("--repeats", a->repeats, "runs of each piece of work, after one that is not counted")
      ->check(CLI::Range(1, 1000));
  app.add_option("--only", a->only, "these pieces of work, by name, e.g. decode128,dram_gbs")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.footer(
      "prefill512: a prompt of 512; decode128: 128 tokens one by one after 128; rows64x24: 64 replies of 24 scored "
      "over one prompt of 128;\n"
      "streams16x32: 16 streams of 32 drawn side by side; valgrad16x24: value and gradient of 16 replies of 24 in one "
      "batch, whose forward pass alone is rows16x24.\nrss_mb: the most memory held up to the last work that is not a "
      "gradient.\nGFLOPS count every matrix that a token goes through, twice for a gradient; GB/s the file's weights, "
      "once a token of a single stream.\n"
      "drift_decode, drift_f32: how far log p of a token is, in nats, when replies are scored at once, from how they "
      "were decoded, and from f32.\n"
      "Examples:\n  ponder bench\n  ponder bench --json --repeats 9 --only rows64x24");
  return [a] { return run_bench(*a); };
}

}  // namespace ponder::app
