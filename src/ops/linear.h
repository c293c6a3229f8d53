// Linear: a frozen weight matrix from one tensor, or from several stacked over their outputs (Q, K
// and V). It is packed in compute form, with a compact copy for batches of a few rows; or it is
// compact alone, and many rows expand it tile by tile; or it stays as it is in the file. All forms
// give the same bits. The derivative is the product with the transposed matrix, which is another
// Linear.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/pages.h"
#include "ops/compact.h"
#include "ponder/model/gguf.h"
#include "ponder/model/model.h"

namespace ponder {

class Linear {
 public:
  Linear() = default;
  /// parts: (n_in, n_out_i) each, with the same n_in. pages: memory for weights that are packed or
  /// lean. Parts that have no compact form are packed where lean was asked for, unless they are
  /// quantised: those stay as they are in the file.
  Linear(std::vector<const GgufTensor*> parts, const GemmKernel&, WeightForm, Pages& pages,
         int n_threads);
  /// The bytes of memory that the constructor takes from pages.
  static std::int64_t bytes(std::span<const GgufTensor* const> parts, const GemmKernel&,
                            WeightForm);

  /// Outputs [begin, end) of a matrix.
  struct Outputs {
    const Linear* of;
    int begin, end;
  };
  /// The matrix for dA = dC W: the parts stacked, each padded to kKBlock, with inputs and outputs
  /// exchanged. Always packed.
  static Linear transposed(std::span<const Outputs> parts, Pages&, int n_threads);

  int n_in() const { return n_in_; }
  int n_out() const { return n_out_; }
  int n_panels() const { return (n_out_ + kPanel - 1) / kPanel; }
  int n_padded() const { return n_panels() * kPanel; }  // number of columns that forward() writes

  /// c (m, ldc) = a W^T, ldc >= n_padded(). a and c must have rows as gemm.h asks.
  void forward(const void* a, int lda, int m, float* c, int ldc, int n_threads) const;
  /// Computes panels [begin, end) alone, on this thread. c starts at panel `begin`. With `add` the
  /// sums start from the values in c.
  void forward_panels(const void* a, int lda, int m, int begin, int end, float* c, int ldc,
                      bool add = false) const;
  /// Is reading the weights nearly the whole cost of m rows? Long stretches of panels are faster
  /// then.
  bool few_rows(int m) const;
  /// Output row `n` of the matrix, (n_in) float32.
  void row(int n, float* out) const;

 private:
  TensorRow tensor_row(int n) const;
  bool reads_levels(int m) const;  // run_compact is faster than the other forms
  void expand_panel(int p, int begin, int end, void* out) const;
  void make_packed(Pages&, int n_threads);
  void make_compact(const CompactForm&, Pages&, int n_threads);
  void forward_tiles(const void* a, int lda, int m, int begin, int end, float* c, int ldc,
                     bool add) const;

  std::vector<const GgufTensor*> parts_;
  const GemmKernel* kernel_ = nullptr;
  std::shared_ptr<std::byte> packed_, compact_;
  CompactForm form_;
  int n_in_ = 0, n_out_ = 0;
};

}  // namespace ponder
