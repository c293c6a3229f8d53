// Checks that a row's numbers are a function of its prefix and mask, bit for bit: alone or in any
// batch, decoded token by token or scored at once, with keys and values evicted and fed again, with
// any number of threads, in f32 and bf16.
#pragma once

#include <bit>
#include <cstring>
#include <map>
#include <random>

#include "models.h"

namespace ponder::test {

// All numbers of a row: log-probability of a token, lz, entropy, a draw, the head of the list.
struct Numbers {
  std::uint64_t bits[6];
  bool operator==(const Numbers& o) const { return std::memcmp(bits, o.bits, sizeof bits) == 0; }
};
inline Numbers numbers(const Row& r) {
  return {{std::bit_cast<std::uint64_t>(r.lz), std::bit_cast<std::uint64_t>(r.entropy),
           static_cast<std::uint64_t>(r.list.at(0).token),
           std::bit_cast<std::uint64_t>(r.list.at(0).logprob),
           std::bit_cast<std::uint64_t>(r.list.at(1).logprob),
           std::bit_cast<std::uint64_t>(r.next_logprob)}};
}
inline const Needs kAsk{
    .alpha = 2.5, .lz = true, .entropy = true, .draw = {.kind = Draw::Kind::kList, .max_items = 2}};

using Path = std::vector<Token>;

// The row after each prefix of `path` (from the first token on), fed one token at a time to a
// separate density.
inline std::map<Path, Numbers> one_by_one(const std::shared_ptr<const Model>& model,
                                          const std::vector<Path>& paths) {
  std::map<Path, Numbers> all;
  const auto d = density(model, 0, std::min(256, model->info().n_ctx_train));
  for (const Path& path : paths) {
    PrefixRef p;
    for (std::size_t k = 0; k < path.size(); ++k) {
      Rows rows;
      const Extend e{.parent = p,
                     .tokens = std::span(path).subspan(k, 1),
                     .rows = RowSet::kLast,
                     .needs = kAsk};
      EXPECT_TRUE(d->extend({&e, 1}, rows).ok());
      p = rows.end[0];
      all[{path.begin(), path.begin() + static_cast<std::ptrdiff_t>(k) + 1}] =
          numbers(rows.rows[0]);
    }
  }
  return all;
}

// Grows the same paths as one random tree in random batches, with memory for few keys and values.
inline void grow_randomly(const std::shared_ptr<const Model>& model, const std::vector<Path>& paths,
                          const std::map<Path, Numbers>& want, int seed) {
  std::mt19937 rng(seed);
  const auto d = density(model, model->info().kv_bytes_per_token * 260,
                         std::min(256, model->info().n_ctx_train));
  std::vector<PrefixRef> at(paths.size());
  std::vector<std::size_t> done(paths.size(), 0);
  int checked = 0;
  for (;;) {
    std::vector<Extend> batch;
    std::vector<std::size_t> who;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (done[i] == paths[i].size() || rng() % 3 == 0) continue;
      const std::size_t n = std::min<std::size_t>(1 + rng() % 9, paths[i].size() - done[i]);
      batch.push_back({.parent = at[i],
                       .tokens = std::span(paths[i]).subspan(done[i], n),
                       .rows = done[i] == 0 ? RowSet::kLast : RowSet::kAll,
                       .needs = kAsk});
      who.push_back(i);
    }
    Rows rows;
    ASSERT_TRUE(d->extend(batch, rows).ok());
    for (std::size_t r = 0; r < batch.size(); ++r) {
      const std::size_t i = who[r], n = batch[r].tokens.size();
      const auto got = rows.of(r);
      for (std::size_t k = 0; k < got.size(); ++k) {
        const std::size_t length = done[i] + n + 1 - got.size() + k;
        ASSERT_EQ(
            numbers(got[k]),
            want.at(Path(paths[i].begin(), paths[i].begin() + static_cast<std::ptrdiff_t>(length))))
            << "path " << i << " length " << length << " batch of " << batch.size();
        ++checked;
      }
      at[i] = rows.end[r];
      done[i] += n;
    }
    if (std::equal(done.begin(), done.end(), paths.begin(),
                   [](std::size_t a, const Path& p) { return a == p.size(); }))
      break;
  }
  EXPECT_GE(checked, static_cast<int>(want.size()) - static_cast<int>(paths.size()));
}

inline void check_model(const std::string& path, const EngineKind& engine, int n_paths,
                        int length) {
  for (const Precision precision : {Precision::kF32, Precision::kBF16}) {
    std::map<Path, Numbers> want;
    std::vector<Path> paths;
    for (const int threads : {1, 2, 4}) {
      const auto model = load(path, engine, {.precision = precision, .n_threads = threads});
      if (paths.empty()) {
        std::mt19937 rng(5);
        for (int i = 0; i < n_paths; ++i) {  // paths share beginnings
          Path p = i % 3 == 0
                       ? Path()
                       : Path(paths[i - i % 3].begin(), paths[i - i % 3].begin() + length / 2);
          while (static_cast<int>(p.size()) < length)
            p.push_back(static_cast<Token>(rng() % model->info().n_vocab));
          paths.push_back(p);
        }
        want = one_by_one(model, paths);
      }
      grow_randomly(model, paths, want, threads);
    }
  }
}

}  // namespace ponder::test
