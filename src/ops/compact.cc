// Compact weights: the choice of the form, and the packing of levels and scales into it.
#include "ops/compact.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "gguf/dequant.h"

namespace ponder {
namespace {

// Where eight-bit levels of bf16 products lie.
int byte_of_pairs(int k, int n, int half) {
  return (k / 16 * 2 + half) * 256 + (k % 16 / 2 * 2 + n / 8) * 16 + n % 8 * 2 + k % 2;
}

// Writes the levels of a block of one output, number n of half a panel, to the places where
// products read them. A vector holds 16 levels: in bf16, pairs of inputs of eight outputs; in f32,
// one input of sixteen outputs. In bf16, out holds both halves, 16 inputs of each in turn.
void put_eight_bits(Compute c, const std::int8_t* level, int n, int half, std::int8_t* out) {
  for (int k = 0; k < kKBlock; ++k) {
    out[c == Compute::kF32 ? k * 16 + n : byte_of_pairs(k, n, half)] = level[k];
  }
}

// The same for four-bit levels. A 32-bit word holds eight levels of one lane: eight consecutive
// inputs in f32, every other input in bf16.
void put_four_bits(Compute c, const std::int8_t* level, int zero, int n, int half,
                   std::uint32_t* out) {
  for (int w = 0; w < kKBlock / 8; ++w) {
    const bool pairs = c == Compute::kBF16;
    const int first = pairs ? w / 2 * 16 + w % 2 : w * 8, step = pairs ? 2 : 1;
    std::uint32_t word = 0;
    for (int i = 0; i < 8; ++i)
      word |= static_cast<std::uint32_t>(level[first + i * step] - zero) << (4 * i);
    out[pairs ? (w / 2 * 2 + half) * 32 + n * 2 + w % 2 : w * 16 + n] = word;
  }
}

// The integer whose product with the unit is the value. The unit of a damaged block may be zero,
// infinite or NaN; the product is the value then, too.
std::int8_t multiple(float value, float unit) {
  if (std::isnan(value)) return 0;
  if (unit == 0 || std::isinf(unit)) return std::signbit(value) == std::signbit(unit) ? 1 : -1;
  return static_cast<std::int8_t>(value / unit);
}

struct Unit {
  std::uint16_t bits;  // float16
  float value() const { return dequant::half_to_float(bits); }
};
constexpr std::uint16_t kMinus = 0x8000;

Unit unit_at(const std::byte* block, int at, bool minus) {
  if (at < 0) return {kMinus};  // -0: once this is no offset
  Unit u;
  std::memcpy(&u.bits, block + at, 2);
  if (minus) u.bits ^= kMinus;
  return u;
}

// Scales and offsets of one output, number n of half a panel.
struct OutputScales {
  const CompactForm& form;
  int n;

  // Those of a block, in the units of its stretch. scale, offset: of every 16 inputs.
  void put(Unit scale_unit, Unit offset_unit, const float* scale, const float* offset,
           std::byte* out) const {
    for (int array = 0; array < form.arrays(); ++array)
      for (int g = 0; g < form.groups(); ++g) {
        const int at = (array * form.groups() + g) * 16 + n;
        const float value = (array == 0 ? scale : offset)[g];
        if (form.scales == CompactForm::Scales::kFloats)
          std::memcpy(out + at * 4, &value, 4);
        else if (form.scales == CompactForm::Scales::kIntegers)
          out[at] = static_cast<std::byte>(
              multiple(value, (array == 0 ? scale_unit : offset_unit).value()));
      }
  }
  void put_units(Unit scale, Unit offset, std::byte* out) const {
    std::memcpy(out + n * 2, &scale.bits, 2);
    if (form.offsets) std::memcpy(out + 32 + n * 2, &offset.bits, 2);
  }
};

CompactForm::Scales scales_of(const GgufTensor& t, const LevelRange& range) {
  using enum CompactForm::Scales;
  if (range.scale_unit < 0) return kFloats;
  return tensor_type_info(t.type)->block_values == kKBlock ? kHalves : kIntegers;
}

// Packs the row of output n of a panel.
void pack_row(const CompactForm& f, Compute compute, const TensorRow& row, int n, int n_in,
              std::byte* out) {
  thread_local std::vector<std::int8_t> level;
  thread_local std::vector<float> scale, offset;
  level.resize(n_in);
  scale.resize(n_in / 16);
  offset.resize(n_in / 16);
  split_levels(row.type, row.blocks, n_in, {level.data(), scale.data(), offset.data()});
  const LevelRange& range = *level_range(row.type);
  const TensorTypeInfo& info = *tensor_type_info(row.type);
  const OutputScales output{f, n % 16};
  const int half = n / 16, n_stretches = n_in / kKBlock / f.blocks_of_unit();
  const bool turns = compute == Compute::kBF16;  // the two halves are interleaved
  const int stride = turns ? 2 : 1, own = turns ? half : 0;
  for (int s = 0; s < n_stretches; ++s) {
    std::byte* p = out + (turns ? 2 * s : half * n_stretches + s) * f.stretch_bytes();
    Unit scale_unit{}, offset_unit{};
    if (f.unit_bytes() > 0) {
      const std::byte* block =
          row.blocks + s * f.blocks_of_unit() * kKBlock / info.block_values * info.block_bytes;
      scale_unit = unit_at(block, range.scale_unit, false);
      offset_unit = unit_at(block, range.offset_unit, range.minus);
      output.put_units(scale_unit, offset_unit, p + own * f.unit_bytes());
      p += stride * f.unit_bytes();
    }
    for (int i = 0; i < f.blocks_of_unit(); ++i) {
      const int b = s * f.blocks_of_unit() + i;
      output.put(scale_unit, offset_unit, &scale[b * 2], &offset[b * 2], p + own * f.scale_bytes());
      p += stride * f.scale_bytes();
      if (f.eight_bits)
        put_eight_bits(compute, &level[b * kKBlock], n % 16, own,
                       reinterpret_cast<std::int8_t*>(p));
      else
        put_four_bits(compute, &level[b * kKBlock], f.zero, n % 16, own,
                      reinterpret_cast<std::uint32_t*>(p));
      p += stride * f.level_bytes();
    }
  }
}

// The level of input k of a block, output n of half a panel, where put_eight_bits and put_four_bits
// have written it for bf16.
int level_at(const CompactForm& f, const std::byte* levels, int k, int n, int half) {
  if (f.eight_bits) return static_cast<std::int8_t>(levels[byte_of_pairs(k, n, half)]);
  std::uint32_t word;
  std::memcpy(&word, levels + ((k / 16 * 2 + half) * 32 + n * 2 + k % 2) * 4, 4);
  return static_cast<int>(word >> (k % 16 / 2 * 4) & 15) + f.zero;
}

// Scale or offset number `array` of output n, of half a panel, in a unit.
float scale_at(const CompactForm& f, const std::byte* scales, int array, int n, float unit) {
  if (f.scales == CompactForm::Scales::kHalves) return unit;
  const int at = array * 16 + n;
  if (f.scales == CompactForm::Scales::kIntegers)
    return unit * static_cast<float>(static_cast<std::int8_t>(scales[at]));
  float value;
  std::memcpy(&value, scales + at * 4, 4);
  return value;
}

}  // namespace

namespace gemm {

// One value at a time, for CPUs whose bf16 is emulated.
void expand_compact_portable_bf16(const CompactForm& f, const std::byte* panel, int, int begin,
                                  int end, void* out) {
  auto* o = static_cast<BF16*>(out);
  const std::byte* p = panel + 2 * f.bytes_before(begin);
  for (int first = 0; first < end - begin;) {
    const std::byte* units = p;
    p += 2 * f.unit_bytes();
    for (int b = 0; b < f.blocks_of_unit(); ++b, first += kKBlock) {
      const std::byte* levels = p + 2 * f.scale_bytes();
      for (int c = 0; c < kPanel; ++c) {
        const int half = c / 16, n = c % 16;
        const std::byte* scales = p + half * f.scale_bytes();
        const auto unit = [&](int array) {
          return f.unit_bytes() == 0
                     ? 1.f
                     : unit_at(units + half * f.unit_bytes(), array * 32 + n * 2, false).value();
        };
        const float s = unit(0), z = f.offsets ? unit(1) : dequant::kNoOffset;
        for (int k = 0; k < kKBlock; ++k) {
          const int g = k * f.groups() / kKBlock;
          const float offset =
              f.offsets ? scale_at(f, scales, f.groups() + g, n, z) : dequant::kNoOffset;
          o[((first + k) / 2 * kPanel + c) * 2 + k % 2] =
              to_bf16(std::fma(static_cast<float>(level_at(f, levels, k, n, half)),
                               scale_at(f, scales, g, n, s), offset));
        }
      }
      p += 2 * (f.scale_bytes() + f.level_bytes());
    }
  }
}

}  // namespace gemm

std::optional<CompactForm> compact_form(std::span<const GgufTensor* const> parts) {
  CompactForm f;
  f.offsets = false;
  int min = 127, max = -128;
  for (const GgufTensor* t : parts) {
    const LevelRange* range = level_range(t->type);
    if (!range || t->shape[0] % kKBlock != 0) return std::nullopt;
    min = std::min(min, range->min);
    max = std::max(max, range->max);
    f.per_16 |= range->per_16;
    const CompactForm::Scales scales = scales_of(*t, *range);
    f.scales = t == parts.front() || scales == f.scales ? scales : CompactForm::Scales::kFloats;
    f.offsets |= range->offset_unit >= 0;
  }
  f.eight_bits = max - min > 15;
  f.zero = f.eight_bits ? 0 : min;
  return f;
}

void pack_compact(const CompactForm& f, Compute compute, std::span<const TensorRow> rows, int n_in,
                  std::byte* out) {
  std::memset(out, 0, f.panel_bytes(n_in));
  for (int n = 0; n < kPanel; ++n)
    if (rows[n].blocks) pack_row(f, compute, rows[n], n, n_in, out);
}

}  // namespace ponder
