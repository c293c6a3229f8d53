// Tokens a second of eight callers of one SharedDensity, two replies each, beside the same sixteen
// replies decoded in one call of a density. The difference is the cost of the window and of the
// hand-over between threads. Both take turns; draws, prompts and tokens are those of streams16x32
// of `ponder bench`.
//
//   shared_speed MODEL.gguf [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "ponder/density/shared_density.h"

namespace {

using namespace ponder;

constexpr int kCallers = 8, kStreams = 2, kTokens = 32, kPrompt = 128;

template <class T>
T must(Result<T> r) {
  if (r.ok()) return std::move(*r);
  std::fprintf(stderr, "%s\n", r.error().message().c_str());
  std::exit(1);
}

Token token(int i, int n_vocab) {
  return static_cast<Token>((static_cast<std::uint64_t>(i) * 2654435761u >> 7) %
                            static_cast<std::uint64_t>(n_vocab));
}

std::vector<Token> prompt(int seed, int n_vocab) {
  std::vector<Token> ids;
  for (int i = 0; i < kPrompt; ++i) ids.push_back(token(seed * 10007 + i, n_vocab));
  return ids;
}

void decode(CausalDensity& d, std::vector<PrefixRef> at, int seed) {
  std::vector<Token> last(at.size());
  for (std::size_t s = 0; s < at.size(); ++s)
    last[s] = token(seed + static_cast<int>(s), d.n_vocab());
  Rows rows;
  for (int t = 0; t < kTokens; ++t) {
    std::vector<Extend> batch;
    for (std::size_t s = 0; s < at.size(); ++s)
      batch.push_back({.parent = at[s],
                       .tokens = {&last[s], 1},
                       .needs = {.draw = {.kind = Draw::Kind::kInverseCdf,
                                          .u = 0.37 * static_cast<double>(s % 3)}}});
    if (const Status s = d.extend(batch, rows); !s.ok()) {
      std::fprintf(stderr, "%s\n", s.error().message().c_str());
      std::exit(1);
    }
    for (std::size_t s = 0; s < at.size(); ++s) {
      at[s] = std::move(rows.end[s]);
      last[s] = rows.rows[s].drawn;
    }
  }
}

double rate(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return kCallers * kStreams * kTokens /
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

// own: every caller has its own prompt; otherwise all have the same one.
void compare(const std::shared_ptr<const Model>& model, bool own, int rounds) {
  const auto plain = must(LanguageDensity::make(model, {}));
  const auto shared = must(SharedDensity::make(model, {}));
  std::vector<std::unique_ptr<LanguageDensity>> callers;
  std::vector<PrefixRef> roots, all;
  for (int c = 0; c < kCallers; ++c) {
    const auto ids = prompt(own ? c : 1000, plain->n_vocab());
    callers.push_back(shared->caller());
    roots.push_back(must(callers.back()->add_context(ids)));
    all.insert(all.end(), kStreams, must(plain->add_context(ids)));
  }
  std::vector<double> one_call, many, ratios;
  for (int round = 0; round <= rounds; ++round) {
    const double a = rate([&] { decode(*plain, all, 31 * round); });
    const double b = rate([&] {
      std::vector<std::jthread> threads;
      for (int c = 0; c < kCallers; ++c)
        threads.emplace_back([&, c] {
          decode(*callers[c], std::vector<PrefixRef>(kStreams, roots[c]),
                 31 * round + kStreams * c);
        });
    });
    if (round == 0) continue;  // fills caches and pages
    one_call.push_back(a);
    many.push_back(b);
    ratios.push_back(b / a);
  }
  const SharedStats s = shared->stats();
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  std::printf(
      "%-14s one call %7.1f tokens/s   eight callers %7.1f   ratio %.3f (%.3f-%.3f)   callers a "
      "pass %.2f   missed "
      "%lld\n",
      own ? "own prompts" : "one prompt", median(one_call), median(many), median(ratios), *low,
      *high, static_cast<double>(s.parts) / static_cast<double>(s.passes),
      static_cast<long long>(s.missed));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "shared_speed MODEL.gguf [ROUNDS]\n");
    return 2;
  }
  const auto model = must(Model::load(must(GgufFile::open(argv[1]))));
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
  for (const bool own : {false, true}) compare(model, own, rounds);
}
