// Sources of logits for tests: one that relays a model of this library, and a small recurrent
// network with a gradient.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "must.h"
#include "ponder/model/logit_source.h"
#include "ponder/session.h"

namespace ponder::test {

inline std::shared_ptr<const TextModel> toy_text() {
  return must(TextModel::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/toy/ponder-toy.gguf"));
}

/// The rows of a session of this library, as logits from outside. Slots are PrefixRefs.
class RelaySource : public LogitSource {
 public:
  explicit RelaySource(std::unique_ptr<Session> s) : session_(std::move(s)) {}
  std::string name() const override { return "relay/of toy"; }
  int n_vocab() const override { return session_->density().n_vocab(); }
  int n_ctx() const override { return session_->density().n_ctx(); }
  std::int64_t slot_bytes() const override { return 1 << 10; }
  Status start(int n_slots) override {
    slots_.resize(static_cast<std::size_t>(n_slots));
    return {};
  }
  Status feed(std::span<const SourceToken> tokens) override {
    if (fails_to_feed) return Error{Code::kIo, "room", "none", "a feed", ""};
    for (const SourceToken& t : tokens) {
      const PrefixRef parent = t.parent < 0 ? PrefixRef() : slots_.at(t.parent);
      EXPECT_EQ(parent.depth(), t.position);
      const Extend e{.parent = parent, .tokens = {&t.token, 1}, .rows = RowSet::kNone};
      Rows out;
      PONDER_TRY(session_->density().extend({&e, 1}, out));
      slots_.at(t.slot) = out.end[0];
      ++n_fed;
    }
    return {};
  }
  Status logits(std::span<const SourcePrefix> prefixes, std::span<float> out) override {
    if (!error.expected.empty()) return error;
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
      EXPECT_EQ(slots_.at(prefixes[i].slot).depth(), static_cast<int>(prefixes[i].tokens.size()));
      const Extend e{.parent = slots_[prefixes[i].slot],
                     .needs = {.draw = {.kind = Draw::Kind::kRow}}};
      Rows rows;
      PONDER_TRY(session_->density().extend({&e, 1}, rows));
      std::ranges::copy(rows.rows[0].logits, out.begin() + i * n_vocab());
    }
    if (spoil) spoil(out);
    return {};
  }

  Error error{};                                // what logits() answers, if it says anything
  std::function<void(std::span<float>)> spoil;  // changes the logits; may be empty
  int n_fed = 0;
  bool fails_to_feed = false;

 private:
  std::unique_ptr<Session> session_;
  std::vector<PrefixRef> slots_;
};

/// h = tanh(A h' + x), logits = U h, with random A, U and embeddings.
class RecurrentSource : public LogitSource {
 public:
  static constexpr int kWidth = 6;
  explicit RecurrentSource(int n_vocab) : n_vocab_(n_vocab) {
    for (auto* m : {&a_, &u_, &e_}) {
      m->resize(static_cast<std::size_t>((m == &a_ ? kWidth : n_vocab) * kWidth));
      for (float& x : *m) x = noise();
    }
  }
  std::string name() const override { return "recurrent"; }
  int n_vocab() const override { return n_vocab_; }
  int n_ctx() const override { return 256; }
  int n_embd() const override { return kWidth; }
  Status start(int n_slots) override {
    h_.resize(static_cast<std::size_t>(n_slots) * kWidth);
    return {};
  }
  Status feed(std::span<const SourceToken> tokens) override {
    for (const SourceToken& t : tokens) step(t, e_.data() + t.token * kWidth);
    return {};
  }
  Status logits(std::span<const SourcePrefix> prefixes, std::span<float> out) override {
    for (std::size_t i = 0; i < prefixes.size(); ++i)
      for (int v = 0; v < n_vocab_; ++v) {
        const float* h = h_.data() + prefixes[i].slot * kWidth;
        float& l = out[i * n_vocab_ + v];
        l = 0;
        for (int k = 0; k < kWidth; ++k) l += u_[v * kWidth + k] * h[k];
      }
    return {};
  }
  Status embeddings(std::span<float> out) override {
    std::ranges::copy(e_, out.begin());
    return {};
  }
  Status feed_vectors(std::span<const SourceToken> tokens, std::span<const float> x) override {
    kept_.assign(tokens.begin(), tokens.end());
    for (std::size_t i = 0; i < tokens.size(); ++i) step(tokens[i], x.data() + i * kWidth);
    return {};
  }
  Status backward(std::span<const float> dlogits, std::span<float> dx) override {
    std::vector<float> dh(h_.size());
    for (std::size_t i = kept_.size(); i-- > 0;) {
      const SourceToken& t = kept_[i];
      for (int k = 0; k < kWidth; ++k) {
        float& d = dh[t.slot * kWidth + k];
        for (int v = 0; v < n_vocab_; ++v) d += dlogits[i * n_vocab_ + v] * u_[v * kWidth + k];
        const float h = h_[t.slot * kWidth + k], dz = d * (1 - h * h);
        dx[i * kWidth + k] = dz;
        for (int j = 0; j < kWidth && t.parent >= 0; ++j)
          dh[t.parent * kWidth + j] += dz * a_[k * kWidth + j];
        d = 0;
      }
    }
    return {};
  }

 private:
  float noise() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<float>(static_cast<std::int32_t>(state_ >> 32)) / 2147483648.f;
  }
  void step(const SourceToken& t, const float* x) {
    for (int k = 0; k < kWidth; ++k) {
      float z = x[k];
      for (int j = 0; j < kWidth && t.parent >= 0; ++j)
        z += a_[k * kWidth + j] * h_[t.parent * kWidth + j];
      h_[t.slot * kWidth + k] = std::tanh(z);
    }
  }

  int n_vocab_;
  std::uint64_t state_ = 7;
  std::vector<float> a_, u_, e_;  // (width, width), (n_vocab, width), (n_vocab, width)
  std::vector<float> h_;          // (n_slots, width)
  std::vector<SourceToken> kept_;
};

}  // namespace ponder::test
