// ExpertLayer: the mixture of experts in the place of a layer's feed-forward (Shazeer et al. 2017),
// forward and derivative. A router, which is a linear map and a softmax, gives a row its few
// experts and their weights. Not the norm before it nor the residual after it (transformer.cc).
//
// The rows of a pass are grouped by expert, so that an expert's matrices are read once for all of
// its rows. The outputs of a row's experts are added in the order of the experts' numbers, so the
// bits of a row depend on that row alone.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "base/buffer.h"
#include "cpu/gates.h"
#include "cpu/tape.h"
#include "cpu/weights.h"

namespace ponder {

/// The rows of one expert: places [first, first + n) in arrays of an ExpertRoom. `first` is a
/// multiple of kRowBlock, as products need it.
struct ExpertRows {
  int expert, first, n;
};

/// Working memory. It grows when needed and is kept.
struct ExpertRoom {
  Buffer<float> x;              // (n, a_stride(n_embd)): what enters the mixture, from the caller
  Buffer<float> p;              // (n, padded n_experts): softmax of the router's scores
  std::vector<int> used;        // (n, n_experts_used): a row's experts, by number
  std::vector<int> place, use;  // the place of each use of an expert by a row, and back
  std::vector<ExpertRows> groups;  // of experts that have rows, by number
  // at each place: a row of n_embd as an operand, its inner n_ff, and the result
  Buffer<std::byte> a, inner;
  Buffer<float> out;
  std::vector<float> dweight;  // (n, n_experts_used): d/d weight
};

/// The transposed matrices of an expert (ops/linear.h), once they have been made.
struct ExpertTransposed {
  std::once_flag once;
  Linear gate_up, down;
};

class ExpertLayer {
 public:
  ExpertLayer(const Config& c, const ExpertWeights& w, const GemmKernel& kernel, int n_threads)
      : c_(c), w_(w), kernel_(kernel), n_threads_(n_threads), gate_(gate_of(c.activation)) {}

  /// y (n, padded n_embd) = sum_e p_e f_e(x) over the experts of each row of room.x. gate, up: the
  /// part of a tape that vjp() needs (tape.h), or null.
  void forward(int n, std::byte* gate, std::byte* up, float* y, ExpertRoom& room) const;
  /// dx (n, padded n_embd), through the experts and through their weights; which experts a row has
  /// is a constant. dy: (n, a_stride(n_embd)) in compute type. kept: (n_experts) transposed
  /// matrices, which are made where a row needs them; null: they are made for this call alone.
  void vjp(int n, const std::byte* dy, const std::byte* gate, const std::byte* up,
           ExpertTransposed* kept, float* dx, ExpertRoom& room) const;

 private:
  struct Piece {  // panels [begin, end) of a matrix of one expert
    const ExpertRows* rows;
    int begin, end;
  };
  void route(int n, ExpertRoom&) const;
  void choose(float* p, int* used) const;
  void group(ExpertRoom&) const;
  std::vector<Piece> pieces(const ExpertRoom&, int n_panels) const;
  void open(const Piece&, std::byte* gate, std::byte* up, ExpertRoom&) const;
  void close(const Piece&, ExpertRoom&) const;
  void combine(const float* p, const int* used, const int* place, float* out, float* y) const;
  void transpose(int expert, ExpertTransposed&) const;
  void expert_vjp(const ExpertRows&, const ExpertTransposed&, const std::byte* gate,
                  const std::byte* up, ExpertRoom&) const;
  void router_vjp(const float* p, const int* used, const float* dweight, float* dx) const;

  int n_used() const { return c_.n_experts_used; }
  int ld() const { return round_up(c_.n_embd, kPanel); }
  std::ptrdiff_t row_bytes(int n) const {
    return static_cast<std::ptrdiff_t>(a_stride(n) * compute_bytes(kernel_.compute));
  }
  std::ptrdiff_t tape_bytes() const {
    return static_cast<std::ptrdiff_t>(tape_stride(c_.n_ff) * compute_bytes(kernel_.compute));
  }

  const Config& c_;
  const ExpertWeights& w_;
  const GemmKernel& kernel_;
  int n_threads_;
  Gate gate_;
};

}  // namespace ponder
