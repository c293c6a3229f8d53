// Gathers the vectors of 32 positions at a time, transposing words in squares of four by four.
#include "ops/slot_panels.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ops/vector.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/slot_panels.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The addresses of the vectors of kPanel positions, and those of later positions, which are
// prefetched at an even pace meanwhile: a few rows of queries would otherwise wait for memory.
struct Vectors {
  const std::byte* const* at;
  const std::byte* const* ahead;
};

// Prefetches to the L2 cache, which can wait for twice as many lines at once as the L1 cache.
HWY_INLINE void prefetch(const std::byte* line) { __builtin_prefetch(line, 0, 2); }

// How to load a vector of 32-bit words from the stored form: as it is, or widened from half
// precision to float32.
struct Words {
  static constexpr std::size_t kBytes = 4;
  template <class D>
  static HWY_INLINE hn::Vec<D> load(D d, const std::byte* from) {
    return hn::LoadU(d, reinterpret_cast<const std::uint32_t*>(from));
  }
};
struct Halves {
  static constexpr std::size_t kBytes = 2;
  template <class D>
  static HWY_INLINE hn::Vec<D> load(D d, const std::byte* from) {
    const hn::RebindToFloat<D> df;
    const hn::Rebind<hwy::float16_t, decltype(df)> dh;
    return hn::BitCast(
        d, hn::PromoteTo(df, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(from))));
  }
};

#if HWY_TARGET == HWY_SCALAR
template <class Kept>
void turn(const Vectors& v, int n_rows, int n_words, std::uint32_t* out) {
  for (int r = 0; r < n_rows; ++r)
    for (int w = 0; w < n_words; ++w)
      hn::StoreU(Kept::load(hn::ScalableTag<std::uint32_t>(), v.at[r] + w * Kept::kBytes),
                 hn::ScalableTag<std::uint32_t>(), out + w * kPanel + r);
}
#else
// Stores the blocks of four words of v one below the other.
template <class D>
HWY_INLINE void store_blocks(D d, hn::Vec<D> v, std::ptrdiff_t distance, std::uint32_t* out) {
  if constexpr (hn::MaxLanes(d) == 4) {
    hn::StoreU(v, d, out);
  } else {
    const hn::Half<D> half;
    store_blocks(half, hn::LowerHalf(half, v), distance, out);
    store_blocks(half, hn::UpperHalf(half, v), distance, out + hn::MaxLanes(half) / 4 * distance);
  }
}

// out (n_words, kPanel) = the transposed words of the vectors, n_words of each. n_rows is a
// multiple of four, n_words a multiple of 16.
template <class Kept>
void turn(const Vectors& v, int n_rows, int n_words, std::uint32_t* out) {
  const hn::CappedTag<std::uint32_t, 16> d;
  const hn::Repartition<std::uint64_t, decltype(d)> d2;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(d)), kLine = 64;
  for (int r = 0; r < n_rows; r += 4)
    for (int w = 0; w < n_words; w += kLanes) {
      const std::size_t byte = w * Kept::kBytes;
      if (byte % kLine == 0)
        for (int i = 0; i < 4; ++i) prefetch(v.ahead[r + i] + byte);
      const auto a = Kept::load(d, v.at[r] + byte), b = Kept::load(d, v.at[r + 1] + byte),
                 c = Kept::load(d, v.at[r + 2] + byte), e = Kept::load(d, v.at[r + 3] + byte);
      const auto ab = hn::BitCast(d2, hn::InterleaveLower(d, a, b)),
                 ce = hn::BitCast(d2, hn::InterleaveLower(d, c, e));
      const auto ab2 = hn::BitCast(d2, hn::InterleaveUpper(d, a, b)),
                 ce2 = hn::BitCast(d2, hn::InterleaveUpper(d, c, e));
      // Block b of each result holds word w + 4 b and the words after it.
      std::uint32_t* to = out + static_cast<std::ptrdiff_t>(w) * kPanel + r;
      constexpr std::ptrdiff_t kDistance = 4 * kPanel;
      store_blocks(d, hn::BitCast(d, hn::InterleaveLower(d2, ab, ce)), kDistance, to);
      store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(d2, ab, ce)), kDistance, to + kPanel);
      store_blocks(d, hn::BitCast(d, hn::InterleaveLower(d2, ab2, ce2)), kDistance,
                   to + 2 * kPanel);
      store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(d2, ab2, ce2)), kDistance,
                   to + 3 * kPanel);
    }
}
#endif

void turn_t(bool halves, const std::byte* const* at, const std::byte* const* ahead, int n_rows,
            int n_words, std::uint32_t* out) {
  (halves ? turn<Halves> : turn<Words>)({at, ahead}, n_rows, n_words, out);
}

// Widens half-precision rows to out (width / kPanel panels, kPanel rows, kPanel). Panels start
// `distance` values apart.
void widen_rows_t(const std::byte* const* rows, int width, std::ptrdiff_t distance, float* out) {
  const hn::CappedTag<float, 16> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(d));
  for (int r = 0; r < kPanel; ++r, out += kPanel)
    for (int i = 0; i < width; i += kLanes)
      hn::StoreU(
          hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(rows[r]) + i)),
          d, out + i / kPanel * distance + i % kPanel);
}

// Interleaves the bf16 values of pairs of rows to out (width / kPanel panels, kPanel / 2 pairs of
// rows, kPanel words). Panels start `distance` words apart.
void pair_rows_t(const std::byte* const* rows, const std::byte* const* ahead, int width,
                 std::ptrdiff_t distance, std::uint32_t* out) {
  for (int r = 0; r < kPanel; r += 2, out += kPanel) {
    const auto *x = reinterpret_cast<const BF16*>(rows[r]),
               *y = reinterpret_cast<const BF16*>(rows[r + 1]);
    for (int first = 0; first < width; first += kPanel) {  // one cache line of each row
      prefetch(ahead[r] + first * sizeof(BF16));
      prefetch(ahead[r + 1] + first * sizeof(BF16));
      std::uint32_t* to = out + first / kPanel * distance;
      for (int i = 0; i < kPanel; ++i)
        to[i] = static_cast<std::uint32_t>(y[first + i]) << 16 | x[first + i];
    }
  }
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(turn_t);
HWY_EXPORT(widen_rows_t);
HWY_EXPORT(pair_rows_t);

namespace {

// The addresses of the vectors of kPanel positions, and of as many positions a little later, to be
// prefetched.
struct Rows {
  std::array<const std::byte*, kPanel> at, ahead;
  int n;  // number of positions, rounded up to a multiple of four; the rest are zeros
};

// Finds the vectors of positions [begin, begin + kPanel), as far as the path goes. Returns how many
// there are.
int find_vectors(const SlotVectors& v, std::span<const KvRun> runs, int begin,
                 std::array<const std::byte*, kPanel>& at) {
  int n_found = 0;
  for_positions(runs, begin, begin + kPanel, [&](int position, int slot, int n) {
    const std::byte* vector = v.at(slot);
    for (int i = 0; i < n; ++i, vector += v.vector_bytes()) {
      if ((slot + i) % kSlotBlock == 0) vector = v.at(slot + i);
      at[position - begin + i] = vector;
    }
    n_found = position - begin + n;
  });
  return n_found;
}

Rows rows_of(const SlotVectors& v, std::span<const KvRun> runs, int begin) {
  constexpr int kAhead = 2 * kPanel;
  // Zeros, never written: stands for positions past the end of the path.
  thread_local std::vector<std::byte> none;
  none.resize(std::max(none.size(), slot_panel_bytes(v, 1)));
  Rows rows;
  rows.at.fill(none.data());
  rows.ahead.fill(none.data());
  rows.n = round_up(find_vectors(v, runs, begin, rows.at), 4);
  find_vectors(v, runs, begin + kAhead, rows.ahead);
  return rows;
}

}  // namespace

void store_vector(SlotType type, const float* x, int n, std::byte* out) {
  if (type != SlotType::kHalf) return to_compute(product_compute(type), x, n, out);
  auto* half = reinterpret_cast<std::uint16_t*>(out);
  to_half(x, n, half);
  std::fill(half + n, half + round_up(n, kPanel), std::uint16_t{0});
}

void pack_as_outputs(const SlotVectors& v, std::span<const KvRun> runs, int begin, int n,
                     std::byte* panels) {
  const int n_words = static_cast<int>(slot_panel_bytes(v, 1) / sizeof(std::uint32_t));
  for (int i = 0; i < n; i += kPanel, panels += slot_panel_bytes(v, kPanel)) {
    const Rows rows = rows_of(v, runs, begin + i);
    HWY_DYNAMIC_DISPATCH(turn_t)
    (v.type == SlotType::kHalf, rows.at.data(), rows.ahead.data(), rows.n, n_words,
     reinterpret_cast<std::uint32_t*>(panels));
  }
}

void pack_as_inputs(const SlotVectors& v, std::span<const KvRun> runs, int begin, int n,
                    std::byte* panels) {
  // bytes of one input over a panel
  const std::size_t input = kPanel * compute_bytes(product_compute(v.type));
  // from one panel to the next, in words
  const auto distance = static_cast<std::ptrdiff_t>(n * input / sizeof(std::uint32_t));
  for (int i = 0; i < n; i += kPanel) {
    const Rows rows = rows_of(v, runs, begin + i);
    std::byte* to = panels + i * input;
    switch (v.type) {
      case SlotType::kBF16:
        HWY_DYNAMIC_DISPATCH(pair_rows_t)
        (rows.at.data(), rows.ahead.data(), v.width, distance,
         reinterpret_cast<std::uint32_t*>(to));
        break;
      case SlotType::kHalf:
        HWY_DYNAMIC_DISPATCH(widen_rows_t)
        (rows.at.data(), v.width, distance, reinterpret_cast<float*>(to));
        break;
      case SlotType::kF32:
        for (int r = 0; r < kPanel; ++r)
          for (int p = 0; p < v.width / kPanel; ++p)
            std::memcpy(to + r * input + p * n * input, rows.at[r] + p * input, input);
    }
  }
}

}  // namespace ponder
#endif
