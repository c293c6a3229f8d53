// Matrix products C = A W^T with frozen, packed weights: the interface between the engine and the
// instruction sets. Every kernel adds the products of one output in one fixed order over K,
// whatever M, the batch or the threads are, so the bits of a row of C depend on that row of A alone
// (docs/adr/0003-own-gemm.md). Not a general BLAS.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ponder {

/// Type of A and of the packed weights. Sums are float32.
enum class Compute : std::uint8_t { kF32, kBF16 };
/// Bytes of one input in a row of A.
inline std::size_t compute_bytes(Compute c) { return c == Compute::kF32 ? 4 : 2; }

using BF16 = std::uint16_t;
/// Rounds to nearest even.
inline BF16 to_bf16(float x) {
  const auto u = __builtin_bit_cast(std::uint32_t, x);
  if ((u & 0x7fffffffu) > 0x7f800000u) return static_cast<BF16>((u >> 16) | 64);  // quiet NaN
  return static_cast<BF16>((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}
inline float from_bf16(BF16 x) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(x) << 16);
}

inline constexpr int kPanel = 32;     // output columns of a packed panel
inline constexpr int kRowBlock = 32;  // rows of A and C must be allocated in multiples of this
inline constexpr int kKBlock = 32;    // K is padded with zeros to a multiple of this

inline int round_up(int n, int to) { return (n + to - 1) / to * to; }
/// Row stride of A for k inputs: padded, and never a multiple of 4 KB, so that rows do not share
/// cache sets.
inline int a_stride(int k) { return round_up(k, kKBlock) + 32; }

/// C(m, 32 j + c) = sum_k A(m, k) W(32 j + c, k) for panels j = 0 … n_panels-1, on one thread. a:
/// (round_up(m, 32), lda), zeros from K to k_padded; panels: as pack_panel writes them, one after
/// another; c: (round_up(m, 32), ldc) float32; the rows from m on are scratch. With `add` the sums
/// start from the values in C: a product over K in parts, each a multiple of kKBlock, has the same
/// bits as one product.
using GemmFn = void (*)(const void* a, int lda, int m, const void* panels, int k_padded,
                        int n_panels, float* c, int ldc, bool add);

/// The same product with the same bits from compact weights (compact.h). k is a multiple of
/// kKBlock.
struct CompactForm;
using CompactFn = void (*)(const CompactForm&, const void* a, int lda, int m,
                           const std::byte* panels, int k, int n_panels, float* c, int ldc);
/// Expands inputs [begin, end) of a compact panel of k inputs into a packed panel. begin and end
/// are multiples of kExpandStep, or end is k.
inline constexpr int kExpandStep = 256;
using ExpandFn = void (*)(const CompactForm&, const std::byte* panel, int k, int begin, int end,
                          void* out);

struct GemmKernel {
  Compute compute;
  const char* isa;  // "AMX BF16", "AVX-512 BF16", "AVX2", …
  bool native;      // false: bf16 emulated in f32 arithmetic
  GemmFn run;
  ExpandFn expand = nullptr;
  CompactFn run_compact = nullptr;
  int compact_rows = 0;  // most rows of run_compact; more, too, take expanded or packed panels
};
/// The best kernel that this CPU has and limit_instruction_set() allows.
const GemmKernel& gemm_kernel(Compute);

inline std::size_t panel_bytes(Compute c, int k) {
  return static_cast<std::size_t>(kPanel) * round_up(k, kKBlock) * compute_bytes(c);
}
/// Packs 32 rows of W, (32, k) float32 with stride k. Layout for f32: [k][32 n]; for bf16: [pairs
/// of k][32 n][2], which serves as AMX tiles and as AVX-512 operands, and is read from the first
/// byte to the last.
void pack_panel(Compute c, const float* rows, int k, void* out);

/// Packs 32 inputs of 32 outputs, which is one block of k of a panel. rows: (32 of k, ld) float32,
/// whose first 32 columns are n.
void pack_block(Compute c, const float* rows, int ld, void* out);

namespace gemm {       // one file for each instruction set
bool amx_available();  // also asks the operating system, once, for permission to use the tiles
bool avx512_bf16_available();
void to_bf16_avx512(const float* x, int n, BF16* out);
void run_amx_bf16(const void*, int, int, const void*, int, int, float*, int, bool);
void run_avx512_bf16(const void*, int, int, const void*, int, int, float*, int, bool);
inline constexpr int kCompactRowsAvx512 = 16, kCompactRowsPortable = 8;
void run_compact_avx512_bf16(const CompactForm&, const void*, int, int, const std::byte*, int, int,
                             float*, int);
void expand_compact_avx512_bf16(const CompactForm&, const std::byte*, int, int, int, void*);
const GemmKernel& portable(Compute);
void run_compact_portable_f32(const CompactForm&, const void*, int, int, const std::byte*, int, int,
                              float*, int);
void expand_compact_portable_f32(const CompactForm&, const std::byte*, int, int, int, void*);
void expand_compact_portable_bf16(const CompactForm&, const std::byte*, int, int, int, void*);
}  // namespace gemm

}  // namespace ponder
