// Linear: a frozen weight matrix out of one or several tensors stacked over their outputs (Q, K and V), kept in compute
// form or left quantised and expanded panel by panel. Both forms give the same bits. Its derivative is the product with
// the transposed matrix, which is another Linear.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "ops/gemm.h"
#include "ponder/gguf.h"

namespace ponder {

class Linear {
 public:
  Linear() = default;
  /// parts: (n_in, n_out_i) each, same n_in. packed = false keeps pointers into the file.
  Linear(std::vector<const GgufTensor*> parts, const GemmKernel&, bool packed, int n_threads);

  /// Outputs [begin, end) of a matrix.
  struct Outputs {
    const Linear* of;
    int begin, end;
  };
  /// dA = dC W: the parts stacked, each padded to kKBlock, with inputs and outputs exchanged. Always packed.
  static Linear transposed(std::span<const Outputs> parts, int n_threads);

  int n_in() const { return n_in_; }
  int n_out() const { return n_out_; }
  int n_panels() const { return (n_out_ + kPanel - 1) / kPanel; }
  int n_padded() const { return n_panels() * kPanel; }  // columns written

  /// c (m, ldc) = a W^T, ldc >= n_padded(). Rows as gemm.h asks.
  void forward(const void* a, int lda, int m, float* c, int ldc, int n_threads) const;
  /// Panels [begin, end) alone, on this thread; c starts at panel `begin`.
  void forward_panels(const void* a, int lda, int m, int begin, int end, float* c, int ldc) const;
  /// Output row `n` of the matrix, (n_in) float32.
  void row(int n, float* out) const;

 private:
  void expand_panel(int p, void* out) const;

  std::vector<const GgufTensor*> parts_;
  const GemmKernel* kernel_ = nullptr;
  Buffer<std::byte> packed_;
  int n_in_ = 0, n_out_ = 0;
};

}  // namespace ponder
