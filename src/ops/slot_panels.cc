// The gathering: 32 positions at a time, words turned in squares of four by four.
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

// out (n_words, kPanel) = the rows' words, n_words of each; rows and words in multiples of four.
void turn_words_t(const std::byte* const* rows, int n_rows, int n_words, std::uint32_t* out) {
#if HWY_TARGET == HWY_SCALAR
  for (int r = 0; r < n_rows; ++r)
    for (int w = 0; w < n_words; ++w) std::memcpy(out + w * kPanel + r, rows[r] + 4 * w, 4);
#else
  const hn::FixedTag<std::uint32_t, 4> d;
  const hn::FixedTag<std::uint64_t, 2> d2;
  const auto row = [&](int r, int w) { return hn::LoadU(d, reinterpret_cast<const std::uint32_t*>(rows[r]) + w); };
  for (int r = 0; r < n_rows; r += 4)
    for (int w = 0; w < n_words; w += 4) {
      const auto a = row(r, w), b = row(r + 1, w), c = row(r + 2, w), e = row(r + 3, w);
      const auto ab = hn::BitCast(d2, hn::InterleaveLower(d, a, b)), ce = hn::BitCast(d2, hn::InterleaveLower(d, c, e));
      const auto ab2 = hn::BitCast(d2, hn::InterleaveUpper(d, a, b)),
                 ce2 = hn::BitCast(d2, hn::InterleaveUpper(d, c, e));
      std::uint32_t* to = out + static_cast<std::ptrdiff_t>(w) * kPanel + r;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d2, ab, ce)), d, to);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d2, ab, ce)), d, to + kPanel);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d2, ab2, ce2)), d, to + 2 * kPanel);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d2, ab2, ce2)), d, to + 3 * kPanel);
    }
#endif
}

// out (n_rows, width) = the rows, widened.
void widen_rows_t(const std::byte* const* rows, int n_rows, int width, float* out) {
  const hn::CappedTag<float, 16> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int r = 0; r < n_rows; ++r, out += width)
    for (int i = 0; i < width; i += lanes)
      hn::StoreU(hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(rows[r]) + i)), d, out + i);
}

// out (width / kPanel panels at a distance, kPanel / 2 pairs of rows, kPanel words) = bf16 values of two rows beside
// each other.
void pair_rows_t(const std::byte* const* rows, int width, std::ptrdiff_t distance, std::uint32_t* out) {
  for (int r = 0; r < kPanel; r += 2, out += kPanel) {
    const auto *x = reinterpret_cast<const BF16*>(rows[r]), *y = reinterpret_cast<const BF16*>(rows[r + 1]);
    for (int first = 0; first < width; first += kPanel) {
      std::uint32_t* to = out + first / kPanel * distance;
      for (int i = 0; i < kPanel; ++i) to[i] = static_cast<std::uint32_t>(y[first + i]) << 16 | x[first + i];
    }
  }
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(turn_words_t);
HWY_EXPORT(widen_rows_t);
HWY_EXPORT(pair_rows_t);

namespace {

// Where the vectors of up to kPanel positions lie, in the type of their products, until the next call.
struct Rows {
  std::array<const std::byte*, kPanel> at;
  int n;  // in multiples of four; the others are zeros
};

Rows rows_of(const SlotVectors& v, std::span<const KvRun> runs, int begin) {
  thread_local std::vector<std::byte> none;  // the vector of no position: zeros, never written
  none.resize(std::max(none.size(), slot_panel_bytes(v, 1)));
  Rows rows;
  rows.at.fill(none.data());
  rows.n = 0;
  for_positions(runs, begin, begin + kPanel, [&](int position, int slot, int n) {
    for (int i = 0; i < n; ++i) rows.at[position - begin + i] = v.at(slot + i);
    rows.n = round_up(position - begin + n, 4);
  });
  if (v.type != SlotType::kHalf) return rows;
  thread_local std::vector<float> wide;
  wide.resize(std::max<std::size_t>(wide.size(), kPanel * v.width));
  HWY_DYNAMIC_DISPATCH(widen_rows_t)(rows.at.data(), rows.n, v.width, wide.data());
  for (int i = 0; i < rows.n; ++i)
    rows.at[i] = reinterpret_cast<const std::byte*>(wide.data() + std::ptrdiff_t{i} * v.width);
  return rows;
}

}  // namespace

void store_vector(SlotType type, const float* x, int n, std::byte* out) {
  if (type != SlotType::kHalf) return to_compute(product_compute(type), x, n, out);
  auto* half = reinterpret_cast<std::uint16_t*>(out);
  to_half(x, n, half);
  std::fill(half + n, half + round_up(n, kPanel), std::uint16_t{0});
}

void pack_as_outputs(const SlotVectors& v, std::span<const KvRun> runs, int begin, int n, std::byte* panels) {
  const int n_words = static_cast<int>(slot_panel_bytes(v, 1) / sizeof(std::uint32_t));
  for (int i = 0; i < n; i += kPanel, panels += slot_panel_bytes(v, kPanel)) {
    const Rows rows = rows_of(v, runs, begin + i);
    HWY_DYNAMIC_DISPATCH(turn_words_t)(rows.at.data(), rows.n, n_words, reinterpret_cast<std::uint32_t*>(panels));
  }
}

void pack_as_inputs(const SlotVectors& v, std::span<const KvRun> runs, int begin, int n, std::byte* panels) {
  const std::ptrdiff_t input = kPanel * static_cast<std::ptrdiff_t>(compute_bytes(product_compute(v.type)));  // bytes
  for (int i = 0; i < n; i += kPanel) {
    const Rows rows = rows_of(v, runs, begin + i);
    std::byte* to = panels + i * input;
    if (product_compute(v.type) == Compute::kBF16) {
      HWY_DYNAMIC_DISPATCH(pair_rows_t)
      (rows.at.data(), v.width, n * input / static_cast<std::ptrdiff_t>(sizeof(std::uint32_t)),
       reinterpret_cast<std::uint32_t*>(to));
    } else {
      for (int r = 0; r < kPanel; ++r)
        for (int p = 0; p < v.width / kPanel; ++p)
          std::memcpy(to + r * input + p * n * input, rows.at[r] + p * input, input);
    }
  }
}

}  // namespace ponder
#endif
