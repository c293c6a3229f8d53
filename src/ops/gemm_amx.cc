// bf16 products on AMX tiles (TDPBF16PS). The order over K is block after block of 32 inputs, and
// within a block the order of the instruction. Denormals count as zero, as the instruction defines.
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops/gemm.h"

namespace ponder::gemm {
namespace {

struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t colsb[16] = {};
  std::uint8_t rows[16] = {};
};

constexpr TileConfig full_tiles() {  // eight tiles of 16 rows of 64 bytes
  TileConfig t;
  for (int i = 0; i < 8; ++i) {
    t.colsb[i] = 64;
    t.rows[i] = 16;
  }
  return t;
}
constexpr TileConfig kTiles = full_tiles();

constexpr int kPair = kPanel * 4;  // bytes of one pair of inputs over a panel

// Multiplies 32 rows by one panel. Tiles 0-3 hold sums, 4-5 rows of A, 6-7 weights.
void block_32(const BF16* a, int lda, const BF16* w, int n_blocks, float* c, int ldc, bool add) {
  const int sa = lda * 2, sc = ldc * 4;
  if (add) {
    _tile_loadd(0, c, sc);
    _tile_loadd(1, c + 16, sc);
    _tile_loadd(2, c + 16 * static_cast<std::ptrdiff_t>(ldc), sc);
    _tile_loadd(3, c + 16 * static_cast<std::ptrdiff_t>(ldc) + 16, sc);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int b = 0; b < n_blocks; ++b) {
    _tile_loadd(6, w + b * 1024, kPair);
    _tile_loadd(4, a + b * 32, sa);
    _tile_loadd(7, w + b * 1024 + 32, kPair);
    _tile_loadd(5, a + 16 * static_cast<std::ptrdiff_t>(lda) + b * 32, sa);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, sc);
  _tile_stored(1, c + 16, sc);
  _tile_stored(2, c + 16 * static_cast<std::ptrdiff_t>(ldc), sc);
  _tile_stored(3, c + 16 * static_cast<std::ptrdiff_t>(ldc) + 16, sc);
}

// Multiplies 16 rows by one panel, for small batches.
void block_16(const BF16* a, int lda, const BF16* w, int n_blocks, float* c, int ldc, bool add) {
  const int sa = lda * 2, sc = ldc * 4;
  if (add) {
    _tile_loadd(0, c, sc);
    _tile_loadd(1, c + 16, sc);
  } else {
    _tile_zero(0);
    _tile_zero(1);
  }
  for (int b = 0; b < n_blocks; ++b) {
    _tile_loadd(6, w + b * 1024, kPair);
    _tile_loadd(4, a + b * 32, sa);
    _tile_loadd(7, w + b * 1024 + 32, kPair);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
  }
  _tile_stored(0, c, sc);
  _tile_stored(1, c + 16, sc);
}

}  // namespace

bool amx_available() {
  static const bool ok = [] {
    if (!__builtin_cpu_supports("avx512f")) return false;
    std::uint32_t eax = 7, ebx = 0, ecx = 0, edx = 0;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    constexpr std::uint32_t kBf16 = 1u << 22, kTile = 1u << 24;
    if ((edx & kBf16) == 0 || (edx & kTile) == 0) return false;
    constexpr long kRequestPermission = 0x1023,
                   kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return ok;
}

void run_amx_bf16(const void* a, int lda, int m, const void* panels, int k_padded, int n_panels,
                  float* c, int ldc, bool add) {
  const auto* rows = static_cast<const BF16*>(a);
  const int n_blocks = k_padded / kKBlock;
  _tile_loadconfig(&kTiles);
  for (int p = 0; p < n_panels; ++p) {
    const BF16* w =
        static_cast<const BF16*>(panels) + static_cast<std::ptrdiff_t>(p) * k_padded * kPanel;
    for (int i = 0; i < m; i += 32) {
      const BF16* ai = rows + static_cast<std::ptrdiff_t>(i) * lda;
      float* ci = c + static_cast<std::ptrdiff_t>(i) * ldc + p * kPanel;
      (m - i > 16 ? block_32 : block_16)(ai, lda, w, n_blocks, ci, ldc, add);
    }
  }
  _tile_release();
}

}  // namespace ponder::gemm
