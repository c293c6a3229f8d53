// Plain loops, vectorised for each target; sums in one fixed order.
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

// Parts of 16 values; the last one in a place of its own.
template <class From, class To, class Part>
void by_parts(const From* x, int n, To* out, const Part& part) {
  constexpr int kPart = 16;
  int i = 0;
  for (; i + kPart <= n; i += kPart) part(x + i, out + i);
  if (i == n) return;
  From in[kPart] = {};
  To rest[kPart];
  std::copy_n(x + i, n - i, in);
  part(in, rest);
  std::copy_n(rest, n - i, out + i);
}
const hn::CappedTag<float, 16> kD;
const hn::Rebind<hwy::float16_t, decltype(kD)> kHalf;
void to_half_t(const float* x, int n, std::uint16_t* out) {
  by_parts(x, n, out, [](const float* from, std::uint16_t* to) {
    const auto most = hn::Set(kD, 65504.f);
    for (std::size_t i = 0; i < 16; i += hn::Lanes(kD)) {
      const auto v = hn::Max(hn::Min(hn::LoadU(kD, from + i), most), hn::Neg(most));
      hn::StoreU(hn::DemoteTo(kHalf, v), kHalf, reinterpret_cast<hwy::float16_t*>(to + i));
    }
  });
}
void from_half_t(const std::uint16_t* x, int n, float* out) {
  by_parts(x, n, out, [](const std::uint16_t* from, float* to) {
    for (std::size_t i = 0; i < 16; i += hn::Lanes(kD))
      hn::StoreU(hn::PromoteTo(kD, hn::LoadU(kHalf, reinterpret_cast<const hwy::float16_t*>(from + i))), kD, to + i);
  });
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
HWY_EXPORT(from_half_t);

void add(float* x, const float* y, int n) { HWY_DYNAMIC_DISPATCH(add_t)(x, y, n); }
void add(float* x, float w, const float* y, int n) { HWY_DYNAMIC_DISPATCH(add_scaled_t)(x, w, y, n); }

float dot(const float* x, const float* y, int n) { return HWY_DYNAMIC_DISPATCH(dot_t)(x, y, n); }

void convert(Compute compute, const float* x, int n, void* out) {
  if (compute == Compute::kF32) {
    std::memcpy(out, x, n * sizeof(float));
  } else if (instruction_set_limit() == InstructionSet::kBest && gemm::avx512_bf16_available()) {
    gemm::to_bf16_avx512(x, n, static_cast<BF16*>(out));
  } else {
    HWY_DYNAMIC_DISPATCH(to_bf16_t)(x, n, static_cast<BF16*>(out));
  }
}

void expand(Compute compute, const void* x, int n, float* out) {
  if (compute == Compute::kBF16) {
    HWY_DYNAMIC_DISPATCH(from_bf16_t)(static_cast<const BF16*>(x), n, out);
  } else {
    std::memcpy(out, x, n * sizeof(float));
  }
}

void to_half(const float* x, int n, std::uint16_t* out) { HWY_DYNAMIC_DISPATCH(to_half_t)(x, n, out); }
void from_half(const std::uint16_t* x, int n, float* out) { HWY_DYNAMIC_DISPATCH(from_half_t)(x, n, out); }

void to_compute(Compute compute, const float* x, int n, void* out) {
  const std::size_t size = compute_bytes(compute), pad = (round_up(n, kKBlock) - n) * size;
  convert(compute, x, n, out);
  if (pad) std::memset(static_cast<char*>(out) + n * size, 0, pad);
}

}  // namespace ponder
#endif
