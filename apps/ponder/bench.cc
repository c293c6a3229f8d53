// ponder bench: speed of this machine on a model: tokens a second of the engine's usual work, beside the machine's own
// rates of matrix products and memory.
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/buffer.h"
#include "base/parallel.h"
#include "ops/gemm.h"
#include "output.h"
#include "ponder/gradient.h"

namespace ponder::app {
namespace {

struct Args {
  ModelArgs model;
  std::string format = "md";
  bool json = false;
  int repeats = 5;
  std::vector<std::string> only;  // empty: all
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Rate {
  double median = 0, min = 0, max = 0;
};
// Rates of `units` a second over repeats of fn, the first one thrown away.
template <class F>
Rate measure(int repeats, double units, const F& fn) {
  std::vector<double> rates;
  for (int i = 0; i <= repeats; ++i) {
    const double start = now();
    fn(i);
    if (i > 0) rates.push_back(units / (now() - start));
  }
  std::sort(rates.begin(), rates.end());
  return {rates[rates.size() / 2], rates.front(), rates.back()};
}

class Bench {
 public:
  Bench(Engine& e, int repeats) : d_(*e.density), model_(*e.model), repeats_(repeats) {}

  Rate prefill(int n) {
    return measure(repeats_, n, [&](int i) { d_.drop_context(context(n, i)); });
  }
  Rate decode(int n_prompt, int n_streams, int n_tokens, Draw::Kind draw) {
    return measure(repeats_, n_streams * n_tokens, [&](int i) {
      if (i == 0) prompt_ = context(n_prompt, 1000);
      std::vector<Prefix> at(n_streams, d_.context(prompt_));
      for (Prefix p : at) d_.retain(p);
      std::vector<Token> last(n_streams);
      Rows rows;
      for (int t = 0; t < n_tokens; ++t) {
        std::vector<Extend> batch;
        for (int s = 0; s < n_streams; ++s) {
          last[s] = t == 0 ? token(s + 31 * i) : last[s];
          batch.push_back({.parent = at[s],
                           .tokens = {&last[s], 1},
                           .rows = RowSet::kLast,
                           .needs = {.draw = {.kind = draw, .u = 0.37 * (s % 3)}}});
        }
        must(d_.extend(batch, rows));
        for (int s = 0; s < n_streams; ++s) {
          d_.release(at[s]);
          at[s] = rows.end[s];
          last[s] = rows.rows[s].drawn;
        }
      }
      for (Prefix p : at) d_.release(p);
      if (i == repeats_) d_.drop_context(prompt_);
    });
  }
  Rate rows(int n_prompt, int n_rows, int n_tokens) {
    const int k = context(n_prompt, 2000);
    const Rate r = measure(repeats_, n_rows * n_tokens, [&](int i) {
      std::vector<std::vector<Token>> replies(n_rows);
      std::vector<Extend> batch;
      for (int s = 0; s < n_rows; ++s) {
        for (int t = 0; t < n_tokens; ++t) replies[s].push_back(token(i * 7919 + s * 131 + t));
        batch.push_back({.parent = d_.context(k), .tokens = replies[s], .rows = RowSet::kTargets});
      }
      Rows out;
      must(d_.extend(batch, out));
      for (Prefix p : out.end) d_.release(p);
    });
    d_.drop_context(k);
    return r;
  }

  Rate gradient(int n_prompt, int n_chains, int n_tokens) {
    const int k = context(n_prompt, 3000);
    const Rate r = measure(repeats_, n_chains * n_tokens, [&](int i) {
      std::vector<std::vector<Token>> replies(n_chains);
      std::vector<SoftReply> batch;
      for (int s = 0; s < n_chains; ++s) {
        for (int t = 0; t < n_tokens; ++t) replies[s].push_back(token(i * 7919 + s * 131 + t));
        batch.push_back({.parent = d_.context(k), .candidates = replies[s]});
      }
      std::vector<ReplyGradient> out;
      must(d_.value_and_grad(batch, {}, {}, out));
    });
    d_.drop_context(k);
    return r;
  }

 private:
  Token token(int i) const {
    return static_cast<Token>((static_cast<std::uint64_t>(i) * 2654435761u >> 7) %
                              static_cast<std::uint64_t>(d_.n_vocab()));
  }
  int context(int n, int seed) {
    std::vector<Token> ids;
    for (int i = 0; i < n; ++i) ids.push_back(token(seed * 10007 + i));
    return must(d_.add_context(ids));
  }
  LanguageDensity& d_;
  const Model& model_;
  int repeats_, prompt_ = -1;
};

// GFLOPS of the product kernel at the shape of a feed-forward layer, 512 rows.
Rate gemm_peak(const ModelInfo& m, int repeats) {
  const GemmKernel& kernel = gemm_kernel(m.precision == Precision::kBF16 ? Compute::kBF16 : Compute::kF32);
  const int rows = 512, k = m.n_embd, panels = 2 * m.n_ff / kPanel, lda = a_stride(k);
  const std::size_t size = compute_bytes(kernel.compute), stride = panel_bytes(kernel.compute, k);
  Buffer<std::byte> a(rows * lda * size), w(panels * stride);
  std::fill_n(a.data(), a.size(), std::byte{0});
  std::fill_n(w.data(), w.size(), std::byte{0});
  Buffer<float> c(static_cast<std::size_t>(rows) * panels * kPanel);
  constexpr int kInner = 20;
  return measure(repeats, 2e-9 * kInner * rows * k * panels * kPanel, [&](int) {
    for (int i = 0; i < kInner; ++i)
      parallel_ranges(m.n_threads, panels, [&](std::int64_t b, std::int64_t e) {
        kernel.run(a.data(), lda, rows, w.data() + b * stride, round_up(k, kKBlock), static_cast<int>(e - b),
                   c.data() + b * kPanel, panels * kPanel);
      });
  });
}

Rate dram_read(int threads, int repeats) {
  const std::int64_t n = 64 << 20;  // 512 MB
  std::vector<std::uint64_t> x(n, 1);
  return measure(repeats, 8e-9 * static_cast<double>(n), [&](int) {
    parallel_ranges(threads, n, [&](std::int64_t b, std::int64_t e) {
      // The C library's search is the plainest read at full width: the byte is nowhere.
      if (std::memchr(x.data() + b, 2, static_cast<std::size_t>(e - b) * 8)) std::abort();
    });
  });
}

double peak_rss_mb() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return static_cast<double>(u.ru_maxrss) / 1024;
}

void print(const std::vector<std::pair<std::string, Rate>>& rates, const Engine& e, const Args& a, double load_s,
           double rss_mb) {
  // Twice the multiply-adds of one token through all matrices: once more for a gradient, without the vocabulary for a
  // prompt, whose rows nobody asks for.
  const ModelInfo& info = e.model->info();
  const auto flops = [&](const std::string& work) {
    const double all = 2.0 * static_cast<double>(info.n_parameters);
    if (work == "prefill512") return all - 2.0 * info.n_vocab * info.n_embd;
    return work.starts_with("valgrad") ? 2 * all : all;
  };
  if (a.json || a.format == "json") {
    Json j;
    for (const auto& [name, r] : rates) j[name] = {{"median", r.median}, {"min", r.min}, {"max", r.max}};
    j["load_s"] = load_s;
    j["rss_mb"] = rss_mb;
    j["isa"] = e.model->info().isa;
    j["precision"] = e.model->info().precision == Precision::kBF16 ? "bf16" : "f32";
    j["threads"] = e.model->info().n_threads;
    j["model"] = {{"file", e.text.file->path()}, {"sha256", e.text.file->sha256().substr(0, 16)}};
    return write_line(j);
  }
  const bool csv = a.format == "csv";
  write(csv ? "work,median,min,max,unit,gflops\n"
            : "| work | median | min | max | unit | GFLOPS |\n|---|---|---|---|---|---|\n");
  for (const auto& [name, r] : rates) {
    const bool tokens = name.find('_') == std::string::npos;
    char line[256];
    const char* unit = tokens ? "tokens/s" : name == "dram_gbs" ? "GB/s" : "GFLOPS";
    std::snprintf(line, sizeof line, csv ? "%s,%.1f,%.1f,%.1f,%s,%.0f\n" : "| %s | %.1f | %.1f | %.1f | %s | %.0f |\n",
                  name.c_str(), r.median, r.min, r.max, unit,
                  tokens                       ? r.median * flops(name) * 1e-9
                  : name == "gemm_peak_gflops" ? r.median
                                               : 0);
    write(line);
  }
  char tail[128];
  std::snprintf(
      tail, sizeof tail,
      csv ? "load_s,%.2f,,,s,\nrss_mb,%.0f,,,MB,\n" : "| load_s | %.2f | | | s | |\n| rss_mb | %.0f | | | MB | |\n",
      load_s, rss_mb);
  write(tail);
  flush();
}

}  // namespace

Run add_bench(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->model.add(app, true);
  app.add_flag("--json", a->json, "print one JSON object");
  app.add_option("--format", a->format, "md, csv or json")->check(CLI::IsMember({"md", "csv", "json"}));
  app.add_option("--repeats", a->repeats, "runs of each piece of work, after one that is not counted")
      ->check(CLI::Range(1, 1000));
  app.add_option("--only", a->only, "these pieces of work, by name, e.g. decode128,dram_gbs")
      ->delimiter(',')
      ->check(CLI::IsMember({"prefill512", "decode128", "rows64x24", "streams16x32", "rows16x24", "valgrad1x24",
                             "valgrad16x24", "gemm_peak_gflops", "dram_gbs"}));
  app.footer(
      "prefill512: a prompt of 512; decode128: 128 tokens one by one after 128; rows64x24: 64 replies of 24 scored "
      "over one prompt of 128;\n"
      "streams16x32: 16 streams of 32 drawn side by side; valgrad16x24: value and gradient of 16 replies of 24 in one "
      "batch, whose forward pass alone is rows16x24.\nrss_mb: the most memory held up to the last work that is not a "
      "gradient.\nGFLOPS count every matrix "
      "that a token goes through, twice for a gradient.\n"
      "Examples:\n  ponder bench\n  ponder bench --json --repeats 9 --only rows64x24");
  return [a] {
    const double start = now();
    Engine e(a->model);
    const double load_s = now() - start;
    if (e.density->n_ctx() < 512)
      fail({Code::kInvalid, "a context of at least 512 tokens", std::to_string(e.density->n_ctx()), e.text.file->path(),
            "use a larger model"});
    Bench b(e, a->repeats);
    std::vector<std::pair<std::string, Rate>> rates;
    const auto add = [&](const char* name, const auto& work) {
      if (a->only.empty() || std::find(a->only.begin(), a->only.end(), name) != a->only.end())
        rates.emplace_back(name, work());
    };
    add("prefill512", [&] { return b.prefill(512); });
    add("decode128", [&] { return b.decode(128, 1, 128, Draw::Kind::kArgmax); });
    add("rows64x24", [&] { return b.rows(128, 64, 24); });
    add("streams16x32", [&] { return b.decode(128, 16, 32, Draw::Kind::kInverseCdf); });
    add("rows16x24", [&] { return b.rows(128, 16, 24); });
    const double rss_mb = peak_rss_mb();
    add("valgrad1x24", [&] { return b.gradient(128, 1, 24); });
    add("valgrad16x24", [&] { return b.gradient(128, 16, 24); });
    add("gemm_peak_gflops", [&] { return gemm_peak(e.model->info(), a->repeats); });
    add("dram_gbs", [&] { return dram_read(e.model->info().n_threads, a->repeats); });
    print(rates, e, *a, load_s, rss_mb);
    return 0;
  };
}

}  // namespace ponder::app
