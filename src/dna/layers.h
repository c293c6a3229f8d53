// Layers of a 1-D convolutional network on one sequence: values are (n, c), position by position.
// Each layer has its derivative by its input. A dense layer is a convolution over the whole length.
#pragma once

#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

namespace ponder::dna {

struct Shape {
  int n = 0, c = 0;  // positions, channels
  int size() const { return n * c; }
  bool operator==(const Shape&) const = default;
};

std::pmr::memory_resource& activation_pool();
// Activations are allocated at every call, and fresh pages for them cost as much as the products.
// So blocks are kept for the next call, and are not set to zero unless asked for.
template <class T>
struct Pooled {
  using value_type = T;
  Pooled() = default;
  template <class U>
  explicit Pooled(const Pooled<U>&) {}
  T* allocate(std::size_t n) {
    return static_cast<T*>(activation_pool().allocate(bytes(n), kAlign));
  }
  void deallocate(T* p, std::size_t n) { activation_pool().deallocate(p, bytes(n), kAlign); }
  template <class... Args>
  void construct(T* p, Args&&... args) {
    if constexpr (sizeof...(Args) == 0)
      ::new (p) T;
    else
      ::new (p) T(std::forward<Args>(args)...);
  }
  bool operator==(const Pooled&) const = default;

 private:
  static constexpr std::size_t kAlign = 64;
  // Sizes are multiples of the alignment: libstdc++'s pool returns blocks of other sizes unaligned
  // (seen with GCC 12).
  static std::size_t bytes(std::size_t n) { return (n * sizeof(T) + kAlign - 1) / kAlign * kAlign; }
};
using Values = std::vector<float, Pooled<float>>;  // (n, c)

/// The data of the forward pass that the backward pass needs: the layer's own and, for a residual,
/// that of its layers.
struct Saved {
  Values own;
  std::vector<Saved> inner;
};

class Layer {
 public:
  virtual ~Layer() = default;
  /// The output shape; n <= 0: the layer does not fit the input.
  virtual Shape out(Shape) const = 0;
  /// saved: nullptr where no backward pass follows.
  virtual Values forward(Values x, Shape in, Saved* saved) const = 0;
  virtual Values backward(Values dy, Shape in, const Saved&) const = 0;
};
using Layers = std::vector<std::unique_ptr<Layer>>;

struct ConvWeights {
  int c_out = 0, c_in = 0, k = 0;
  std::vector<float> weight;  // (c_out, c_in, k)
  std::vector<float> bias;    // (c_out)
};
/// padding is at most dilation (k - 1).
std::unique_ptr<Layer> make_conv(const ConvWeights&, int padding, int dilation);
/// x scale + shift, of each channel.
std::unique_ptr<Layer> make_scale(std::vector<float> scale, std::vector<float> shift);
enum class Activation { kRelu, kGelu, kExp };
std::unique_ptr<Layer> make_activation(Activation);
/// Pools windows without overlap; size 0: one window over all positions. An incomplete last window
/// is left out.
std::unique_ptr<Layer> make_pool(bool max, int size);
/// x + inner(x).
std::unique_ptr<Layer> make_residual(Layers inner);

Shape out_of(const Layers&, Shape);
Values run(const Layers&, Values x, Shape in, std::vector<Saved>* saved);
Values run_back(const Layers&, Values dy, Shape in, const std::vector<Saved>&);

}  // namespace ponder::dna
