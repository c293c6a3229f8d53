// Measures the costs that grow with a search: the time of a token against its context, time and
// memory against the number of live branches, and best-first expansions against single tokens in
// batches of the same size. One line of CSV a measurement: series,x,value. Not a comparison with
// other programs (bench/peers).
//   costs MODEL.gguf [context|branches|search]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "ponder/model/model.h"
#include "ponder/search/search.h"

namespace {

using namespace ponder;

constexpr int kRepeats = 3, kMostContext = 4096;

template <class T>
T must(Result<T> r) {
  if (!r.ok()) std::fprintf(stderr, "costs: %s\n", r.error().message().c_str()), std::exit(1);
  return std::move(*r);
}
void must(const Status& s) {
  if (!s.ok()) std::fprintf(stderr, "costs: %s\n", s.error().message().c_str()), std::exit(1);
}

void print(const char* series, int x, double value) {
  std::printf("%s,%d,%.4g\n", series, x, value);
  std::fflush(stdout);
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
// The median time of several runs after one that is not counted, s.
double time_of(const std::function<void()>& work) {
  std::vector<double> s;
  for (int i = 0; i <= kRepeats; ++i) s.push_back(seconds_of(work));
  std::sort(s.begin() + 1, s.end());
  return s[1 + kRepeats / 2];
}

double resident_mb() {
  double pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * 4096 / (1 << 20);
}

// Tokens spread over the vocabulary; their ids do not change their cost.
Token token(const CausalDensity& d, int i) {
  return static_cast<Token>((static_cast<std::uint64_t>(i) * 2654435761u >> 7) %
                            static_cast<std::uint64_t>(d.n_vocab()));
}
std::vector<Token> tokens(const CausalDensity& d, int n) {
  std::vector<Token> t;
  for (int i = 0; i < n; ++i) t.push_back(token(d, i));
  return t;
}

// Branches of one prompt; each batch appends a token to all of them and asks for a row of each.
class Branches {
 public:
  Branches(CausalDensity& d, const PrefixRef& root, int n) : d_(d), ends_(n, root) {}
  void grow() {
    std::vector<Token> last(ends_.size());
    std::vector<Extend> batch;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      last[i] = token(d_, ++count_);
      batch.push_back({.parent = ends_[i], .tokens = {&last[i], 1}});
    }
    must(d_.extend(batch, rows_));
    ends_ = rows_.end;
  }

 private:
  CausalDensity& d_;
  std::vector<PrefixRef> ends_;
  Rows rows_;
  int count_ = 0;
};

// ms a token of 1 and of 16 streams after a prompt of n tokens.
void context(LanguageDensity& d) {
  for (int n = 64; n <= kMostContext; n *= 2) {
    const PrefixRef prompt = must(d.add_context(tokens(d, n)));
    for (const int streams : {1, 16}) {
      constexpr int kSteps = 8;
      const double s = time_of([&] {
        Branches b(d, prompt, streams);
        for (int t = 0; t < kSteps; ++t) b.grow();
      });
      print(streams == 1 ? "context_one_stream_ms" : "context_16_streams_ms", n,
            1e3 * s / (kSteps * streams));
    }
  }
}

// ms a token, and MB taken, with n branches of up to 4 tokens alive after a prompt of 128.
void branches(LanguageDensity& d) {
  constexpr int kSteps = 4;
  const PrefixRef prompt = must(d.add_context(tokens(d, 128)));
  const double before = resident_mb();
  for (int n = 1; n <= 1024; n *= 2) {
    const double s = time_of([&] {
      Branches b(d, prompt, n);
      for (int t = 0; t < kSteps; ++t) b.grow();
    });
    print("branches_ms", n, 1e3 * s / (kSteps * n));
    print("branches_mb", n, resident_mb() - before);
  }
}

// Expansions a second of a search that does not end soon, and single tokens a second of the same
// number of branches side by side.
void search(LanguageDensity& d) {
  const PrefixRef prompt = must(d.add_context(tokens(d, 128)));
  const ReplyLaw law = must(
      ReplyLaw::make({.target = Target::kTruncated, .horizon = 256}, d.n_vocab(), d.end_tokens()));
  for (const int batch : {1, 8, 32, 128}) {
    const int steps = std::max(4, 256 / batch);
    std::vector<double> ratios, rates;
    for (int i = 0; i <= kRepeats; ++i) {  // in turns, since the machine may change speed
      const double own = steps * batch / seconds_of([&] {
                           Branches b(d, prompt, batch);
                           for (int t = 0; t < steps; ++t) b.grow();
                         });
      double expanded = 0;
      const double s = seconds_of([&] {
        const Budget budget{.tokens = steps * batch};
        expanded = static_cast<double>(
            must(best_first(d, prompt, law, {.batch = batch}, {}, budget)).certificate.expanded);
      });
      if (i > 0) rates.push_back(expanded / s), ratios.push_back(expanded / s / own);
    }
    std::sort(rates.begin(), rates.end());
    std::sort(ratios.begin(), ratios.end());
    print("expansions_per_s", batch, rates[kRepeats / 2]);
    print("expansions_of_single_tokens", batch, ratios[kRepeats / 2]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3)
    return std::fprintf(stderr, "usage: costs MODEL.gguf [context|branches|search]\n"), 2;
  const std::string only = argc == 3 ? argv[2] : "";
  const auto model = must(Model::load(must(GgufFile::open(argv[1]))));
  const auto density = must(LanguageDensity::make(model, {.n_ctx = kMostContext + 256}));
  std::printf("series,x,value\n");
  // Branches come first, since memory that was taken once is kept.
  if (only.empty() || only == "branches") branches(*density);
  if (only.empty() || only == "context") context(*density);
  if (only.empty() || only == "search") search(*density);
}
