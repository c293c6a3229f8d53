// Layers without matrix products, and sequences of layers. Convolutions: conv.cc.
#include "dna/layers.h"

#include <algorithm>
#include <cmath>

#include "ops/activation.h"

namespace ponder::dna {
namespace {

class Scale final : public Layer {
 public:
  Scale(std::vector<float> scale, std::vector<float> shift)
      : scale_(std::move(scale)), shift_(std::move(shift)) {}
  Shape out(Shape s) const override {
    return {s.c == static_cast<int>(scale_.size()) ? s.n : 0, s.c};
  }
  Values forward(Values x, Shape in, Saved*) const override {
    for (float* row = x.data(); row != x.data() + x.size(); row += in.c)
      for (int c = 0; c < in.c; ++c) row[c] = row[c] * scale_[c] + shift_[c];
    return x;
  }
  Values backward(Values dy, Shape in, const Saved&) const override {
    for (float* row = dy.data(); row != dy.data() + dy.size(); row += in.c)
      for (int c = 0; c < in.c; ++c) row[c] *= scale_[c];
    return dy;
  }

 private:
  std::vector<float> scale_, shift_;
};

// Stores its derivative in the forward pass.
class Pointwise final : public Layer {
 public:
  explicit Pointwise(Activation a) : a_(a) {}
  Shape out(Shape s) const override { return s; }
  Values forward(Values x, Shape, Saved* saved) const override {
    Values d(saved ? x.size() : 0);
    if (a_ == Activation::kRelu) {
      for (std::size_t i = 0; i < d.size(); ++i) d[i] = x[i] > 0 ? 1.f : 0.f;
      for (float& v : x) v = std::max(v, 0.f);
    } else if (a_ == Activation::kExp) {
      for (float& v : x) v = std::exp(v);
      std::copy_n(x.begin(), d.size(), d.begin());
    } else {
      gelu_exact(x.data(), static_cast<int>(x.size()), saved ? d.data() : nullptr);
    }
    if (saved) saved->own = std::move(d);
    return x;
  }
  Values backward(Values dy, Shape, const Saved& saved) const override {
    for (std::size_t i = 0; i < dy.size(); ++i) dy[i] *= saved.own[i];
    return dy;
  }

 private:
  Activation a_;
};

// Works on rows of c channels in loops that compilers vectorise.
void keep_larger(const float* __restrict from, float j, int c, float* __restrict best,
                 float* __restrict place) {
  for (int i = 0; i < c; ++i) {
    const bool more = from[i] > best[i];
    place[i] = more ? j : place[i];
    best[i] = more ? from[i] : best[i];
  }
}
void add_share(const float* __restrict from, float share, int c, float* __restrict to) {
  for (int i = 0; i < c; ++i) to[i] += from[i] * share;
}
void where_equal(const float* __restrict from, const float* __restrict place, float j, int c,
                 float* __restrict to) {
  for (int i = 0; i < c; ++i) to[i] = place[i] == j ? from[i] : 0.f;
}

// A maximum stores its position in each window, the first of equal ones, as a float.
class Pool final : public Layer {
 public:
  Pool(bool max, int size) : max_(max), size_(size) {}
  Shape out(Shape s) const override { return {s.n / window(s), s.c}; }
  Values forward(Values x, Shape in, Saved* saved) const override {
    const Shape to = out(in);
    Values y(to.size(), 0.f), place(max_ ? y.size() : 0, 0.f);
    const float* from = x.data();
    for (int t = 0; t < to.n; ++t) {
      float* row = &y[static_cast<std::size_t>(t) * in.c];
      if (max_) std::copy_n(from, in.c, row);
      for (int j = 0; j < window(in); ++j, from += in.c)
        if (max_)
          keep_larger(from, static_cast<float>(j), in.c, row,
                      &place[static_cast<std::size_t>(t) * in.c]);
        else
          add_share(from, 1 / static_cast<float>(window(in)), in.c, row);
    }
    if (saved) saved->own = std::move(place);
    return y;
  }
  Values backward(Values dy, Shape in, const Saved& saved) const override {
    Values dx(in.size(), 0.f);
    float* to = dx.data();
    for (int t = 0; t < out(in).n; ++t) {
      const float* row = &dy[static_cast<std::size_t>(t) * in.c];
      for (int j = 0; j < window(in); ++j, to += in.c)
        if (max_)
          where_equal(row, &saved.own[static_cast<std::size_t>(t) * in.c], static_cast<float>(j),
                      in.c, to);
        else
          add_share(row, 1 / static_cast<float>(window(in)), in.c, to);
    }
    return dx;
  }

 private:
  int window(Shape s) const { return size_ > 0 ? size_ : s.n; }
  bool max_;
  int size_;
};

class Residual final : public Layer {
 public:
  explicit Residual(Layers inner) : inner_(std::move(inner)) {}
  Shape out(Shape s) const override { return out_of(inner_, s) == s ? s : Shape{0, s.c}; }
  Values forward(Values x, Shape in, Saved* saved) const override {
    Values y = run(inner_, x, in, saved ? &saved->inner : nullptr);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
    return y;
  }
  Values backward(Values dy, Shape in, const Saved& saved) const override {
    Values dx = run_back(inner_, dy, in, saved.inner);
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i];
    return dx;
  }

 private:
  Layers inner_;
};

}  // namespace

std::pmr::memory_resource& activation_pool() {
  static std::pmr::synchronized_pool_resource all(
      {.max_blocks_per_chunk = 0, .largest_required_pool_block = 1 << 22});
  return all;
}

std::unique_ptr<Layer> make_scale(std::vector<float> scale, std::vector<float> shift) {
  return std::make_unique<Scale>(std::move(scale), std::move(shift));
}
std::unique_ptr<Layer> make_activation(Activation a) { return std::make_unique<Pointwise>(a); }
std::unique_ptr<Layer> make_pool(bool max, int size) { return std::make_unique<Pool>(max, size); }
std::unique_ptr<Layer> make_residual(Layers inner) {
  return std::make_unique<Residual>(std::move(inner));
}

Shape out_of(const Layers& layers, Shape s) {
  for (const auto& layer : layers)
    if (s.n > 0) s = layer->out(s);
  return s;
}

Values run(const Layers& layers, Values x, Shape in, std::vector<Saved>* saved) {
  if (saved) saved->assign(layers.size(), {});
  for (std::size_t k = 0; k < layers.size(); ++k) {
    x = layers[k]->forward(std::move(x), in, saved ? &(*saved)[k] : nullptr);
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
  for (std::size_t k = layers.size(); k-- > 0;)
    dy = layers[k]->backward(std::move(dy), shapes[k], saved[k]);
  return dy;
}

}  // namespace ponder::dna
