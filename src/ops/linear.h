// Linear: a frozen weight matrix out of one or several tensors stacked over their outputs (Q, K and
// V), kept in compute form, and compact for batches of a few rows, or left quantised and expanded
// panel by panel. All forms give the same bits. Its derivative is the product with the transposed
// matrix, which is another Linear.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/pages.h"
#include "ops/compact.h"
#include "ponder/model/gguf.h"

namespace ponder {

class Linear {
 public:
  Linear() = default;
  /// parts: (n_in, n_out_i) each, same n_in. pages: where weights in compute form go; null keeps
  /// pointers into the file.
  Linear(std::vector<const GgufTensor*> parts, const GemmKernel&, Pages* pages, int n_threads);

  /// Outputs [begin, end) of a matrix.
  struct Outputs {
    const Linear* of;
    int begin, end;
  };
  /// dA = dC W: the parts stacked, each padded to kKBlock, with inputs and outputs exchanged.
  /// Always packed.
  static Linear transposed(std::span<const Outputs> parts, Pages&, int n_threads);

  int n_in() const { return n_in_; }
  int n_out() const { return n_out_; }
  int n_panels() const { return (n_out_ + kPanel - 1) / kPanel; }
  int n_padded() const { return n_panels() * kPanel; }  // columns written

  /// c (m, ldc) = a W^T, ldc >= n_padded(). Rows as gemm.h asks.
  void forward(const void* a, int lda, int m, float* c, int ldc, int n_threads) const;
  /// Panels [begin, end) alone, on this thread; c starts at panel `begin`. With `add` the sums go
  /// on from what c holds.
  void forward_panels(const void* a, int lda, int m, int begin, int end, float* c, int ldc,
                      bool add = false) const;
  /// Output row `n` of the matrix, (n_in) float32.
  void row(int n, float* out) const;

 private:
  TensorRow tensor_row(int n) const;
  void expand_panel(int p, void* out) const;
  void make_compact(Pages&, int n_threads);

  std::vector<const GgufTensor*> parts_;
  const GemmKernel* kernel_ = nullptr;
  std::shared_ptr<std::byte> packed_, compact_;
  CompactForm form_;
  int n_in_ = 0, n_out_ = 0;
};

}  // namespace ponder
