// Convolutions by the engine's own GEMM: the windows of a sequence (n, c) are overlapping rows of k
// c values, so that a convolution without dilation needs no copy of them.
#include <algorithm>
#include <cstring>
#include <memory>

#include "dna/layers.h"
#include "ops/gemm.h"

namespace ponder::dna {
namespace {

// of the f32 kernels; fewer rows run one by one, at a quarter of the speed
constexpr int kRowsAtOnce = 4;

// Rows and row stride of a product's result; its first rows are the wanted ones.
struct Product {
  Values values;
  int ld = 0;
  const float* row(int t) const { return &values[static_cast<std::size_t>(t) * ld]; }
};

// A matrix (n_out, size) in packed panels.
class Bank {
 public:
  Bank(int n_out, int size, const std::vector<float>& rows)
      : ld_(round_up(n_out, kPanel)), size_(size) {
    std::vector<float> padded(static_cast<std::size_t>(ld_) * size, 0.f);
    std::copy(rows.begin(), rows.end(), padded.begin());
    panels_.resize(static_cast<std::size_t>(ld_) * depth());
    for (int p = 0; p < ld_; p += kPanel)
      pack_panel(Compute::kF32, padded.data() + static_cast<std::ptrdiff_t>(p) * size, size,
                 panels_.data() + static_cast<std::ptrdiff_t>(p) * depth());
  }
  int depth() const { return round_up(size_, kKBlock); }
  // Multiplications a row, those by zero included.
  int work() const { return ld_ * depth(); }

  // Multiplies m rows of A at a distance of lda; values between a row's end and depth() are
  // multiplied by zero. `a` has at least floats_of(m, lda) values.
  Product times(const float* a, int lda, int m) const {
    Product c{Values(static_cast<std::size_t>(rows(m)) * ld_), ld_};
    const int at_once = m < kRowsAtOnce / 2 ? m : round_up(m, kRowsAtOnce);
    gemm_kernel(Compute::kF32)
        .run(a, lda, at_once, panels_.data(), depth(), ld_ / kPanel, c.values.data(), ld_, false);
    return c;
  }
  std::size_t floats_of(int m, int lda) const {
    return static_cast<std::size_t>(rows(m)) * lda + depth();
  }

 private:
  static int rows(int m) { return round_up(round_up(m, kRowsAtOnce), kRowBlock); }
  int ld_, size_;
  std::vector<float> panels_;
};

// Makes the rows (m) of windows of x (n, c), padded by zeros, with k letters `dilation` apart, and
// multiplies them.
Product correlate(const Bank& bank, const Values& x, int c, int k, int m, int padding,
                  int dilation) {
  const std::size_t before = static_cast<std::size_t>(padding) * c;
  if (dilation == 1) {
    Values a(std::max(before + x.size(), bank.floats_of(m, c)), 0.f);
    std::copy(x.begin(), x.end(), a.begin() + static_cast<std::ptrdiff_t>(before));
    return bank.times(a.data(), c, m);
  }
  Values a(bank.floats_of(m, bank.depth()), 0.f);
  const int n = static_cast<int>(x.size()) / c;
  for (int t = 0; t < m; ++t)
    for (int j = 0; j < k; ++j)
      if (const int from = t + j * dilation - padding; from >= 0 && from < n)
        std::memcpy(&a[static_cast<std::size_t>(t) * bank.depth() + j * c],
                    &x[static_cast<std::size_t>(from) * c], c * sizeof(float));
  return bank.times(a.data(), bank.depth(), m);
}

enum class Order { kThere, kTurned, kSpread };
// kThere (c_out, k c_in); kTurned (c_in, k c_out), with the windows' letters reversed; kSpread (k
// c_in, c_out).
std::vector<float> filters(const ConvWeights& w, Order order) {
  std::vector<float> rows(w.weight.size());
  for (int o = 0; o < w.c_out; ++o)
    for (int i = 0; i < w.c_in; ++i)
      for (int j = 0; j < w.k; ++j)
        rows[order == Order::kThere    ? (o * w.k + j) * w.c_in + i
             : order == Order::kTurned ? (i * w.k + w.k - 1 - j) * w.c_out + o
                                       : (j * w.c_in + i) * w.c_out + o] =
            w.weight[(o * w.c_in + i) * w.k + j];
  return rows;
}

// The derivative by the input is the correlation with the reversed filters, inputs and outputs
// exchanged; or, which is less work for few inputs, the derivative by each window, added up over
// the letters of the window.
class Conv final : public Layer {
 public:
  Conv(const ConvWeights& w, int padding, int dilation)
      : there_(w.c_out, w.k * w.c_in, filters(w, Order::kThere)),
        turned_(w.c_in, w.k * w.c_out, filters(w, Order::kTurned)),
        spread_(w.k * w.c_in, w.c_out, filters(w, Order::kSpread)),
        bias_(w.bias),
        c_in_(w.c_in),
        k_(w.k),
        padding_(padding),
        reach_(dilation * (w.k - 1)),
        dilation_(dilation) {}
  Shape out(Shape s) const override {
    return {s.c == c_in_ ? s.n + 2 * padding_ - reach_ : 0, c_out()};
  }

  Values forward(Values x, Shape in, Saved*) const override {
    const Shape to = out(in);
    const Product p = correlate(there_, x, c_in_, k_, to.n, padding_, dilation_);
    Values y(to.size());
    for (int t = 0; t < to.n; ++t) {
      const float* from = p.row(t);
      float* at = &y[static_cast<std::size_t>(t) * to.c];
      for (int c = 0; c < to.c; ++c) at[c] = from[c] + bias_[c];
    }
    return y;
  }

  Values backward(Values dy, Shape in, const Saved&) const override {
    if (spread_.work() < turned_.work()) return spread(std::move(dy), in);
    const Product p = correlate(turned_, dy, c_out(), k_, in.n, reach_ - padding_, dilation_);
    Values dx(in.size());
    for (int t = 0; t < in.n; ++t)
      std::copy_n(p.row(t), c_in_, &dx[static_cast<std::size_t>(t) * c_in_]);
    return dx;
  }

 private:
  int c_out() const { return static_cast<int>(bias_.size()); }
  Values spread(Values dy, Shape in) const {
    const int m = out(in).n, run = dilation_ == 1 ? k_ * c_in_ : c_in_,
              n_runs = dilation_ == 1 ? 1 : k_;
    dy.resize(spread_.floats_of(m, c_out()), 0.f);
    const Product p = spread_.times(dy.data(), c_out(), m);
    Values padded(static_cast<std::size_t>(in.n + 2 * padding_) * c_in_, 0.f);
    for (int t = 0; t < m; ++t)
      for (int j = 0; j < n_runs; ++j) {
        const float* from = p.row(t) + static_cast<std::ptrdiff_t>(j) * c_in_;
        float* at = &padded[static_cast<std::size_t>(t + j * dilation_) * c_in_];
        for (int i = 0; i < run; ++i) at[i] += from[i];
      }
    const auto begin = padded.begin() + static_cast<std::ptrdiff_t>(padding_) * c_in_;
    return {begin, begin + in.size()};
  }

  Bank there_, turned_, spread_;
  std::vector<float> bias_;
  int c_in_, k_, padding_, reach_, dilation_;
};

}  // namespace

std::unique_ptr<Layer> make_conv(const ConvWeights& w, int padding, int dilation) {
  return std::make_unique<Conv>(w, padding, dilation);
}

}  // namespace ponder::dna
