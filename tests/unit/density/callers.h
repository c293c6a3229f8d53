// The common part of tests of a shared density: the work of a caller, as bits to compare, and a
// density whose passes are watched and delayed. Not the tests.
#pragma once

#include <bit>
#include <functional>
#include <random>
#include <thread>

#include "density/language.h"
#include "invariance.h"
#include "law/forwarding.h"
#include "ponder/density/shared_density.h"

namespace ponder::test {

/// A language model's density that lets a test see and delay each pass, on the thread that runs it.
class Watched final : public ForwardingDensity<LanguageDensity> {
 public:
  explicit Watched(std::unique_ptr<LanguageDensity> d) : ForwardingDensity(*d), d_(std::move(d)) {}
  std::function<void(std::span<const Extend>)> before_pass = [](std::span<const Extend>) {};
  int n_nodes() const { return dynamic_cast<const Language&>(*d_).n_nodes(); }

  PrefixRef shared_context(std::span<const Token> p) override { return d_->shared_context(p); }
  void remember_context(const PrefixRef& r, std::span<const Token> p) override {
    d_->remember_context(r, p);
  }
  Status extend(std::span<const Extend> batch, Rows& out) override {
    before_pass(batch);
    return d_->extend(batch, out);
  }
  Status value_and_grad(std::span<const SoftReply> r, const Objective& o, const GradientOptions& g,
                        std::vector<ReplyGradient>& out) override {
    return d_->value_and_grad(r, o, g, out);
  }
  Cost cost() const override { return d_->cost(); }

 private:
  std::unique_ptr<LanguageDensity> d_;
};

/// A shared density over a tiny model, and the density below it.
struct SharedWorld {
  explicit SharedWorld(int piece_tokens = 256, int n_slots = 0) {
    model = load(tiny_path("llama-tied"), {.precision = Precision::kF32, .n_threads = 2});
    auto d = std::make_unique<Watched>(density(model, model->info().kv_bytes_per_token * n_slots));
    below = d.get();
    shared =
        std::make_unique<SharedDensity>(std::move(d), SharedOptions{.piece_tokens = piece_tokens});
  }
  /// Runs work(i) on n threads. The pass of the first request waits until all other threads wait
  /// behind it, so that the next pass serves all of them.
  void run_together(unsigned n, const std::function<void(unsigned i)>& work) {
    std::atomic<bool> under_way{false};
    const auto before = std::exchange(below->before_pass, {});
    below->before_pass = [&, n](std::span<const Extend> batch) {
      before(batch);
      if (under_way.exchange(true)) return;
      while (shared->stats().waiting < static_cast<int>(n) - 1) std::this_thread::yield();
    };
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < n; ++i)
      threads.emplace_back([&, i] {
        while (i > 0 && !under_way) std::this_thread::yield();
        work(i);
      });
    threads.clear();
    below->before_pass = before;
  }
  std::shared_ptr<const Model> model;
  Watched* below = nullptr;
  std::unique_ptr<SharedDensity> shared;
};

inline std::unique_ptr<LanguageDensity> alone(const SharedWorld& w) { return density(w.model); }

inline void expect_code(const Status& s, Code code) {
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, code) << s.error().message();
}

inline std::vector<Token> random_tokens(std::mt19937& rng, std::size_t n) {
  std::vector<Token> v(n);
  for (Token& x : v) x = static_cast<Token>(rng() % 300);
  return v;
}

/// A caller's work, with all resulting numbers.
class CallersWork {
 public:
  CallersWork(LanguageDensity& d, unsigned seed) : d_(d), rng_(seed) {
    std::vector<Token> prompt = random_tokens(rng_, 24);
    prompt[0] = static_cast<Token>(seed);  // no two prompts share a prefix
    root_ = must(d.add_context(prompt));
  }
  const std::vector<std::uint64_t>& bits() const { return bits_; }

  void decode(int n_tokens) {
    at_.assign(2, root_);
    std::vector<Token> last{7, 8};
    for (int t = 0; t < n_tokens; ++t) {
      std::vector<Extend> batch;
      for (std::size_t s = 0; s < at_.size(); ++s)
        batch.push_back(
            {.parent = at_[s],
             .tokens = {&last[s], 1},
             .needs = {.draw = {.kind = Draw::Kind::kInverseCdf, .u = rng_() * 0x1p-32}}});
      Rows rows;
      run(batch, rows);
      for (std::size_t s = 0; s < at_.size(); ++s) {
        last[s] = rows.of(s)[0].drawn;
        at_[s] = rows.end[s];
      }
    }
  }
  /// Draws new ends for the replies and releases all but the last batch.
  void suffixes(int n_rounds) {
    for (int round = 0; round < n_rounds; ++round) {
      std::vector<std::vector<Token>> tokens;
      for (int i = 0; i < 5; ++i) tokens.push_back(random_tokens(rng_, 1 + rng_() % 12));
      std::vector<Extend> batch;
      for (std::size_t i = 0; i < tokens.size(); ++i)
        batch.push_back({.parent = at_[i % 2].ancestor(static_cast<int>(rng_() % 12)),
                         .tokens = tokens[i],
                         .rows = i % 2 ? RowSet::kAll : RowSet::kTargets,
                         .needs = kAsk});
      Rows rows;
      run(batch, rows);
    }
  }
  void beam(int n_steps) {
    std::vector<PrefixRef> beams{root_};
    for (int step = 0; step < n_steps; ++step) {
      std::vector<Extend> looks, grown;
      for (const PrefixRef& p : beams) looks.push_back({.parent = p, .needs = kAsk});
      Rows rows, next;
      run(looks, rows);
      for (std::size_t b = 0; b < beams.size(); ++b)
        for (const TokenProb& t : rows.of(b)[0].list)
          if (grown.size() < 3)
            grown.push_back({.parent = beams[b], .tokens = {&t.token, 1}, .rows = RowSet::kNone});
      run(grown, next);
      beams = next.end;
    }
  }

 private:
  void run(const std::vector<Extend>& batch, Rows& rows) {
    const Status s = d_.extend(batch, rows);
    ASSERT_TRUE(s.ok()) << s.error().message();
    for (const Row& r : rows.rows) {
      for (const double x : {r.logprob, r.lz, r.entropy, r.drawn_logprob})
        bits_.push_back(std::bit_cast<std::uint64_t>(x));
      for (const TokenProb& t : r.list)
        bits_.push_back(std::bit_cast<std::uint64_t>(t.logprob) ^ t.token);
      bits_.push_back(static_cast<std::uint64_t>(r.drawn));
    }
    for (const Cost& c : rows.cost)
      bits_.push_back(static_cast<std::uint64_t>(1000 * c.tokens_decoded + c.tokens_scored));
  }

  LanguageDensity& d_;
  std::mt19937 rng_;
  PrefixRef root_;
  std::vector<PrefixRef> at_;
  std::vector<std::uint64_t> bits_;
};

/// Runs all of the work and returns its numbers and its cost.
inline std::pair<std::vector<std::uint64_t>, std::int64_t> all_work(LanguageDensity& d,
                                                                    unsigned seed) {
  CallersWork w(d, seed);
  w.decode(32);
  w.suffixes(6);
  w.beam(6);
  return {w.bits(), d.cost().total()};
}

}  // namespace ponder::test
