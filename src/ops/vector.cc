// Vector operations as plain loops, which the compiler vectorises for each target. Sums have one
// fixed order.
#include "ops/vector.h"

#include <algorithm>
#include <cstring>

#include "ops/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/vector.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void add_t(float* x, const float* y, int n) {
  for (int i = 0; i < n; ++i) x[i] += y[i];
}
void add_scaled_t(float* x, float w, const float* y, int n) {
  for (int i = 0; i < n; ++i) x[i] += w * y[i];
}
float dot_t(const float* x, const float* y, int n) {
  const hn::CappedTag<float, 16> d;
  auto sum = hn::Zero(d);
  int i = 0;
  for (; i + static_cast<int>(hn::Lanes(d)) <= n; i += static_cast<int>(hn::Lanes(d)))
    sum = hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, y + i), sum);
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < n; ++i) total += x[i] * y[i];
  return total;
}
void to_bf16_t(const float* x, int n, BF16* out) {
  for (int i = 0; i < n; ++i) out[i] = to_bf16(x[i]);
}
void from_bf16_t(const BF16* x, int n, float* out) {
  for (int i = 0; i < n; ++i) out[i] = from_bf16(x[i]);
}

// Converts in parts of 16 values. The last part goes through a buffer of its own.
void to_half_t(const float* x, int n, std::uint16_t* out) {
  constexpr int kPart = 16;
  const hn::CappedTag<float, kPart> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const auto most = hn::Set(d, 65504.f);
  const auto part = [&](const float* from, std::uint16_t* to) {
    for (std::size_t i = 0; i < kPart; i += hn::Lanes(d)) {
      const auto v = hn::Max(hn::Min(hn::LoadU(d, from + i), most), hn::Neg(most));
      hn::StoreU(hn::DemoteTo(half, v), half, reinterpret_cast<hwy::float16_t*>(to + i));
    }
  };
  int i = 0;
  for (; i + kPart <= n; i += kPart) part(x + i, out + i);
  if (i == n) return;
  float in[kPart] = {};
  std::uint16_t rest[kPart];
  std::copy_n(x + i, n - i, in);
  part(in, rest);
  std::copy_n(rest, n - i, out + i);
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(add_t);
HWY_EXPORT(add_scaled_t);
HWY_EXPORT(dot_t);
HWY_EXPORT(to_bf16_t);
HWY_EXPORT(from_bf16_t);
HWY_EXPORT(to_half_t);

void add(float* x, const float* y, int n) { HWY_DYNAMIC_DISPATCH(add_t)(x, y, n); }
void add(float* x, float w, const float* y, int n) {
  HWY_DYNAMIC_DISPATCH(add_scaled_t)(x, w, y, n);
}

float dot(const float* x, const float* y, int n) { return HWY_DYNAMIC_DISPATCH(dot_t)(x, y, n); }

namespace {
using ToBF16 = void (*)(const float*, int, BF16*);
void to_bf16_any(const float* x, int n, BF16* out) { HWY_DYNAMIC_DISPATCH(to_bf16_t)(x, n, out); }
ToBF16 to_bf16_of_this_cpu() {
  const bool best =
      instruction_set_limit() == InstructionSet::kBest && gemm::avx512_bf16_available();
  return best ? gemm::to_bf16_avx512 : to_bf16_any;
}
}  // namespace

void convert_rows(Compute compute, const float* x, std::ptrdiff_t ld, int n_rows, int n,
                  std::byte* out, std::ptrdiff_t out_bytes) {
  if (compute == Compute::kF32) {
    for (int i = 0; i < n_rows; ++i)
      std::memcpy(out + i * out_bytes, x + i * ld, n * sizeof(float));
  } else {
    const ToBF16 to_bf16_row = to_bf16_of_this_cpu();
    for (int i = 0; i < n_rows; ++i)
      to_bf16_row(x + i * ld, n, reinterpret_cast<BF16*>(out + i * out_bytes));
  }
}

void convert(Compute compute, const float* x, int n, void* out) {
  convert_rows(compute, x, 0, 1, n, static_cast<std::byte*>(out), 0);
}

void expand(Compute compute, const void* x, int n, float* out) {
  if (compute == Compute::kBF16) {
    HWY_DYNAMIC_DISPATCH(from_bf16_t)(static_cast<const BF16*>(x), n, out);
  } else {
    std::memcpy(out, x, n * sizeof(float));
  }
}

void to_half(const float* x, int n, std::uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(to_half_t)(x, n, out);
}

void to_compute(Compute compute, const float* x, int n, void* out) {
  const std::size_t size = compute_bytes(compute), pad = (round_up(n, kKBlock) - n) * size;
  convert(compute, x, n, out);
  if (pad) std::memset(static_cast<char*>(out) + n * size, 0, pad);
}

}  // namespace ponder
#endif
