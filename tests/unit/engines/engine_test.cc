// What an engine promises, call by call, on every engine and architecture: the numbers of the
// scalar reference, and the same bits wherever the slots lie, however rows are cut into passes and
// whatever is kept. Densities on engines are tested in ../density.
#include "model/engine.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/counted_noise.h"
#include "density/models.h"
#include "model/reference.h"

namespace ponder {
namespace {

using test::must;

const std::vector<Token> kTokens{5, 17, 130, 42, 8, 299, 63, 11, 200, 5, 77};
constexpr int kSlots = 300;

// A pass over tokens [begin, end) of a sequence whose positions lie in `slots`.
ForwardBatch batch_of(const std::vector<int>& slots, int begin, int end) {
  ForwardBatch b;
  b.first_run.push_back(0);
  for (int p = begin; p < end; ++p) {
    b.tokens.push_back(kTokens[p]);
    b.positions.push_back(p);
    b.slots.push_back(slots[p]);
    for (int k = 0; k <= p; ++k)
      if (k > 0 && slots[k] == b.runs.back().slot + b.runs.back().n &&
          b.runs.size() > b.first_run.back())
        ++b.runs.back().n;
      else
        b.runs.push_back({slots[k], 1});
    b.first_run.push_back(static_cast<std::uint32_t>(b.runs.size()));
  }
  return b;
}

class EngineCalls : public testing::TestWithParam<test::OnEngine> {
 protected:
  void SetUp() override {
    model_ = test::load(GetParam(), {.precision = Precision::kF32, .n_threads = 2});
    in_order_.resize(kTokens.size());
    std::iota(in_order_.begin(), in_order_.end(), 0);
  }
  std::unique_ptr<Engine> engine() const { return must(model_->on_device().engine(kSlots)); }
  std::size_t n_embd() const { return static_cast<std::size_t>(model_->info().n_embd); }
  int n() const { return static_cast<int>(kTokens.size()); }

  // Whole rows after each position.
  static std::vector<Row> rows_of(Engine& e, const std::vector<int>& slots, const Needs& needs) {
    std::vector<Row> rows(slots.size());
    std::vector<RowRequest> ask;
    for (std::size_t i = 0; i < slots.size(); ++i)
      ask.push_back({.slot = slots[i], .needs = &needs, .out = &rows[i]});
    EXPECT_TRUE(e.rows(ask).ok());
    return rows;
  }
  // d sum_t log p(token t + 1) / d what entered, of a sequence of which the first token is given.
  std::vector<float> gradient(Keep keep) const {
    const auto e = engine();
    EXPECT_TRUE(e->forward(batch_of(in_order_, 0, 1), Keep::kNothing).ok());
    const ForwardBatch b = batch_of(in_order_, 1, n());
    EXPECT_TRUE(e->forward(b, keep).ok());
    std::vector<ObjectiveRow> rows(kTokens.size() - 1);
    for (int t = 0; t + 1 < n(); ++t)
      rows[t] = {.slot = t,
                 .batch_row = t - 1,
                 .candidates = std::span(kTokens).subspan(t + 1, 1),
                 .weights = {}};
    rows.push_back({.slot = n() - 1, .batch_row = n() - 2, .candidates = {}, .weights = {}});
    EXPECT_TRUE(e->objective(rows, {}).ok());
    std::vector<float> dx(b.n() * n_embd());
    const int first_rows[] = {0, b.n()};
    EXPECT_TRUE(e->backward(b, first_rows, dx).ok());
    return dx;
  }

  std::shared_ptr<const Model> model_;
  std::vector<int> in_order_;
};

const Needs kWhole{.draw = {.kind = Draw::Kind::kRow}};

TEST_P(EngineCalls, RowsAreThoseOfTheReference) {
  const auto e = engine();
  ASSERT_TRUE(e->forward(batch_of(in_order_, 0, n()), Keep::kNothing).ok());
  const std::vector<Row> rows = rows_of(*e, in_order_, kWhole);
  const Reference reference(model_->file(), must(read_config(model_->file())));
  const auto want = reference.log_probs(
      reference.inputs<double>(kTokens, {}, 1, std::vector<double>(), std::vector<double>()));
  for (int t = 0; t < n(); ++t)
    for (std::size_t v = 0; v < want[t].size(); ++v)
      ASSERT_NEAR(rows[t].logits[v] - rows[t].log_normalizer, want[t][v], 1e-4) << t << " " << v;
}

TEST_P(EngineCalls, SlotsCutsAndWhatIsKeptLeaveEveryBit) {
  const auto e = engine();
  ASSERT_TRUE(e->forward(batch_of(in_order_, 0, n()), Keep::kNothing).ok());
  const std::vector<Row> want = rows_of(*e, in_order_, kWhole);
  const std::vector<int> scattered{250, 251, 3, 130, 129, 128, 127, 64, 65, 299, 0};
  for (const Keep keep : {Keep::kNothing, Keep::kStream, Keep::kAll})
    for (const int cut : {0, 1, 6}) {
      const auto other = engine();
      const Status s = other->pass([&]() -> Status {
        if (cut > 0) PONDER_TRY(other->forward(batch_of(scattered, 0, cut), Keep::kNothing));
        return other->forward(batch_of(scattered, cut, n()), keep);
      });
      ASSERT_TRUE(s.ok());
      const std::vector<Row> got = rows_of(*other, scattered, kWhole);
      for (int t = 0; t < n(); ++t) ASSERT_EQ(got[t].logits, want[t].logits) << t << " " << cut;
    }
}

TEST_P(EngineCalls, EmbeddingsAndSlopes) {
  const auto e = engine();
  const std::vector<float> one{1}, halves{0.25f, 0.75f};
  const std::span<const Token> ids(kTokens);
  const std::vector<TokenMix> mixes{{ids.subspan(0, 1), {}},
                                    {ids.subspan(1, 1), one},
                                    {ids.subspan(1, 1), {}},
                                    {ids.subspan(0, 2), halves}};
  const std::size_t d = n_embd();
  std::vector<float> x(mixes.size() * d);
  ASSERT_TRUE(e->embeddings(mixes, x).ok());
  const Reference reference(model_->file(), must(read_config(model_->file())));
  for (std::size_t k = 0; k < d; ++k) {
    EXPECT_NEAR(x[k], reference.embedding(kTokens[0])[k], 1e-6 * (1 + std::abs(x[k])));
    EXPECT_EQ(x[d + k], x[2 * d + k]);
    EXPECT_NEAR(x[3 * d + k], 0.25 * x[k] + 0.75 * x[d + k], 1e-6 * (1 + std::abs(x[k])));
  }
  // Two positions: ids of their own, the same ids, and all ids.
  const auto V = static_cast<std::size_t>(model_->info().n_vocab);
  const std::vector<Token> own{5, 17, 17, 5}, same{17, 5};
  std::vector<float> by_own(4, 1.f), by_same(4), all(2 * V);
  const std::span<const float> de = std::span(x).first(2 * d);
  const std::vector<SlopeRequest> ask{
      {own, de, 2, by_own}, {same, de, 2, by_same}, {{}, de, V, all}};
  ASSERT_TRUE(e->slopes(ask).ok());
  EXPECT_EQ(by_same, (std::vector<float>{all[17], all[5], all[V + 17], all[V + 5]}));
  EXPECT_EQ(by_own, (std::vector<float>{1 + all[5], 1 + all[17], 1 + all[V + 17], 1 + all[V + 5]}));
  double square = 0;
  for (std::size_t k = 0; k < d; ++k) square += static_cast<double>(x[k]) * x[k];
  EXPECT_NEAR(all[kTokens[0]], square, 1e-5 * (1 + square));
}

TEST_P(EngineCalls, GradientsDoNotDependOnWhatIsKept) {
  const std::vector<float> all = gradient(Keep::kAll), stream = gradient(Keep::kStream);
  EXPECT_EQ(all, stream);
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](float x) { return x != 0; }));
  for (std::size_t k = all.size() - n_embd(); k < all.size(); ++k)
    EXPECT_EQ(all[k], 0);  // nothing is asked of the last row
  const auto e = engine();
  EXPECT_LT(e->kept_bytes(100, Keep::kStream), e->kept_bytes(100, Keep::kAll));
  EXPECT_EQ(e->kept_bytes(100, Keep::kNothing), 0);
}

TEST_P(EngineCalls, NoiseByItsNameIsTheNoise) {
  const auto e = engine();
  ASSERT_TRUE(e->forward(batch_of(in_order_, 0, n()), Keep::kNothing).ok());
  const CountedNoise name{.seed = 3, .stream = 8, .angle = 0.4};
  std::vector<float> noise(model_->info().n_vocab);
  counted_gumbels(name, 0, noise);
  const auto by_name = rows_of(
      *e, in_order_, {.alpha = 1.5, .draw = {.kind = Draw::Kind::kArgmax, .counted = name}});
  const auto by_numbers = rows_of(
      *e, in_order_, {.alpha = 1.5, .draw = {.kind = Draw::Kind::kArgmax, .noise = noise.data()}});
  for (int t = 0; t < n(); ++t) EXPECT_EQ(by_name[t].drawn, by_numbers[t].drawn);
}

TEST_P(EngineCalls, ARowThatIsNotFiniteIsAnError) {
  const auto e = engine();
  ASSERT_TRUE(e->forward(batch_of(in_order_, 0, 1), Keep::kNothing).ok());
  const TokenMask nothing(model_->info().n_vocab, false);
  Row row;
  const RowRequest ask{.slot = 0, .needs = &kWhole, .mask = &nothing, .out = &row};
  const Status s = e->rows({&ask, 1});
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, Code::kNumeric);
}

INSTANTIATE_TEST_SUITE_P(Tiny, EngineCalls, testing::ValuesIn(test::on_engines(test::kTiny)),
                         test::suite_name);

}  // namespace
}  // namespace ponder
