// Products by the engine's own GEMM: the windows of a sequence (n, c) are rows of k c values that overlap, so that
// a convolution without dilation needs no copy.
#include "dna/layers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/gemm.h"

namespace ponder::dna {
namespace {

// Filters in packed panels: c_out filters of k c_in values.
class Bank {
 public:
  Bank(int c_out, int c_in, int k, const std::vector<float>& rows) : c_out_(c_out), c_in_(c_in), k_(k) {
    const int size = k * c_in, n_panels = round_up(c_out, kPanel) / kPanel;
    std::vector<float> padded(static_cast<std::size_t>(n_panels) * kPanel * size, 0.f);
    std::copy(rows.begin(), rows.end(), padded.begin());
    panels_.resize(static_cast<std::size_t>(n_panels) * kPanel * round_up(size, kKBlock));
    for (int p = 0; p < n_panels; ++p)
      pack_panel(Compute::kF32, padded.data() + static_cast<std::ptrdiff_t>(p) * kPanel * size, size,
                 panels_.data() + static_cast<std::ptrdiff_t>(p) * kPanel * round_up(size, kKBlock));
  }

  // y (n + 2 padding - dilation (k - 1), c_out) of x (n, c_in) with zeros around it.
  Values correlate(const Values& x, int n, int padding, int dilation) const {
    const int m = n + 2 * padding - dilation * (k_ - 1), size = k_ * c_in_, depth = round_up(size, kKBlock);
    const auto rows = static_cast<std::size_t>(round_up(m, kRowBlock));
    std::vector<float> a((rows + static_cast<std::size_t>(dilation * k_)) * c_in_ + depth, 0.f);
    std::copy(x.begin(), x.end(), a.begin() + static_cast<std::ptrdiff_t>(padding) * c_in_);
    int lda = c_in_;
    if (dilation > 1) {
      lda = depth;
      std::vector<float> windows(rows * lda, 0.f);
      for (int t = 0; t < m; ++t)
        for (int j = 0; j < k_; ++j)
          std::memcpy(&windows[static_cast<std::size_t>(t) * lda + j * c_in_],
                      &a[static_cast<std::size_t>(t + j * dilation) * c_in_], c_in_ * sizeof(float));
      a = std::move(windows);
    }
    const int ldc = round_up(c_out_, kPanel);
    std::vector<float> c(rows * ldc);
    gemm_kernel(Compute::kF32).run(a.data(), lda, m, panels_.data(), depth, ldc / kPanel, c.data(), ldc);
    Values y(static_cast<std::size_t>(m) * c_out_);
    for (int t = 0; t < m; ++t)
      std::copy_n(&c[static_cast<std::size_t>(t) * ldc], c_out_, &y[static_cast<std::size_t>(t) * c_out_]);
    return y;
  }

 private:
  int c_out_, c_in_, k_;
  std::vector<float> panels_;
};

// The derivative by the input is the correlation with the filters turned round, inputs and outputs exchanged.
std::vector<float> filters(const ConvWeights& w, bool back) {
  std::vector<float> rows(w.weight.size());
  for (int o = 0; o < w.c_out; ++o)
    for (int i = 0; i < w.c_in; ++i)
      for (int j = 0; j < w.k; ++j)
        rows[back ? (i * w.k + w.k - 1 - j) * w.c_out + o : (o * w.k + j) * w.c_in + i] =
            w.weight[(o * w.c_in + i) * w.k + j];
  return rows;
}

class Conv final : public Layer {
 public:
  Conv(const ConvWeights& w, int padding, int dilation)
      : there_(w.c_out, w.c_in, w.k, filters(w, false)),
        back_(w.c_in, w.c_out, w.k, filters(w, true)),
        bias_(w.bias),
        c_in_(w.c_in),
        padding_(padding),
        reach_(dilation * (w.k - 1)),
        dilation_(dilation) {}
  Shape out(Shape s) const override {
    return {s.c == c_in_ ? s.n + 2 * padding_ - reach_ : 0, static_cast<int>(bias_.size())};
  }
  Values forward(Values x, Shape in, Saved&) const override {
    Values y = there_.correlate(x, in.n, padding_, dilation_);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += bias_[i % bias_.size()];
    return y;
  }
  Values backward(const Values& dy, Shape in, const Saved&) const override {
    return back_.correlate(dy, out(in).n, reach_ - padding_, dilation_);
  }

 private:
  Bank there_, back_;
  std::vector<float> bias_;
  int c_in_, padding_, reach_, dilation_;
};

class Scale final : public Layer {
 public:
  Scale(std::vector<float> scale, std::vector<float> shift) : scale_(std::move(scale)), shift_(std::move(shift)) {}
  Shape out(Shape s) const override { return {s.c == static_cast<int>(scale_.size()) ? s.n : 0, s.c}; }
  Values forward(Values x, Shape in, Saved&) const override {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = x[i] * scale_[i % in.c] + shift_[i % in.c];
    return x;
  }
  Values backward(const Values& dy, Shape in, const Saved&) const override {
    Values dx = dy;
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] *= scale_[i % in.c];
    return dx;
  }

 private:
  std::vector<float> scale_, shift_;
};

class Pointwise final : public Layer {
 public:
  explicit Pointwise(Activation a) : a_(a) {}
  Shape out(Shape s) const override { return s; }
  Values forward(Values x, Shape, Saved& saved) const override {
    saved.in = x;
    for (float& v : x)
      v = a_ == Activation::kRelu ? std::max(v, 0.f) : a_ == Activation::kExp ? std::exp(v) : v * cdf(v);
    return x;
  }
  Values backward(const Values& dy, Shape, const Saved& saved) const override {
    Values dx = dy;
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const float v = saved.in[i];
      constexpr float kDensity = 0.3989422804f;  // of the normal law at 0
      dx[i] *= a_ == Activation::kRelu  ? (v > 0 ? 1.f : 0.f)
               : a_ == Activation::kExp ? std::exp(v)
                                        : cdf(v) + v * kDensity * std::exp(-v * v / 2);
    }
    return dx;
  }

 private:
  static float cdf(float v) { return 0.5f * (1 + std::erf(v * 0.7071067812f)); }
  Activation a_;
};

class Pool final : public Layer {
 public:
  Pool(bool max, int size) : max_(max), size_(size) {}
  Shape out(Shape s) const override { return {s.n / window(s), s.c}; }
  Values forward(Values x, Shape in, Saved& saved) const override {
    Values y(out(in).size(), 0.f);
    for (std::size_t i = 0; i < y.size(); ++i)
      for (int j = 0; j < window(in); ++j) {
        const float v = x[at(i, j, in)];
        y[i] = max_ ? (j == 0 ? v : std::max(y[i], v)) : y[i] + v / static_cast<float>(window(in));
      }
    saved.in = std::move(x);
    return y;
  }
  Values backward(const Values& dy, Shape in, const Saved& saved) const override {
    Values dx(in.size(), 0.f);
    for (std::size_t i = 0; i < dy.size(); ++i) {
      int best = 0;
      for (int j = 0; j < window(in); ++j) {
        if (!max_) dx[at(i, j, in)] = dy[i] / static_cast<float>(window(in));
        if (saved.in[at(i, j, in)] > saved.in[at(i, best, in)]) best = j;
      }
      if (max_) dx[at(i, best, in)] = dy[i];
    }
    return dx;
  }

 private:
  int window(Shape s) const { return size_ > 0 ? size_ : s.n; }
  std::size_t at(std::size_t i, int j, Shape in) const { return (i / in.c * window(in) + j) * in.c + i % in.c; }
  bool max_;
  int size_;
};

class Residual final : public Layer {
 public:
  explicit Residual(Layers inner) : inner_(std::move(inner)) {}
  Shape out(Shape s) const override { return out_of(inner_, s) == s ? s : Shape{0, s.c}; }
  Values forward(Values x, Shape in, Saved& saved) const override {
    Values y = run(inner_, x, in, saved.inner);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
    return y;
  }
  Values backward(const Values& dy, Shape in, const Saved& saved) const override {
    Values dx = run_back(inner_, dy, in, saved.inner);
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i];
    return dx;
  }

 private:
  Layers inner_;
};

}  // namespace

std::unique_ptr<Layer> make_conv(const ConvWeights& w, int padding, int dilation) {
  return std::make_unique<Conv>(w, padding, dilation);
}
std::unique_ptr<Layer> make_scale(std::vector<float> scale, std::vector<float> shift) {
  return std::make_unique<Scale>(std::move(scale), std::move(shift));
}
std::unique_ptr<Layer> make_activation(Activation a) { return std::make_unique<Pointwise>(a); }
std::unique_ptr<Layer> make_pool(bool max, int size) { return std::make_unique<Pool>(max, size); }
std::unique_ptr<Layer> make_residual(Layers inner) { return std::make_unique<Residual>(std::move(inner)); }

Shape out_of(const Layers& layers, Shape s) {
  for (const auto& layer : layers)
    if (s.n > 0) s = layer->out(s);
  return s;
}

Values run(const Layers& layers, Values x, Shape in, std::vector<Saved>& saved) {
  saved.assign(layers.size(), {});
  for (std::size_t k = 0; k < layers.size(); ++k) {
    x = layers[k]->forward(std::move(x), in, saved[k]);
    in = layers[k]->out(in);
  }
  return x;
}

Values run_back(const Layers& layers, Values dy, Shape in, const std::vector<Saved>& saved) {
  std::vector<Shape> shapes;
  for (const auto& layer : layers) {
    shapes.push_back(in);
    in = layer->out(in);
  }
  for (std::size_t k = layers.size(); k-- > 0;) dy = layers[k]->backward(dy, shapes[k], saved[k]);
  return dy;
}

}  // namespace ponder::dna
