// Four normals a counter, by Box and Muller's transform of its four words.
#include "base/counted_noise.h"

#include <Random123/boxmuller.hpp>
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/gumbel_table.h"
#include "base/rng.h"

namespace ponder {

void counted_normals(std::uint64_t seed, std::uint32_t stream, std::size_t begin,
                     std::span<double> out) {
  PONDER_CHECK(begin % 4 == 0);
  for (std::size_t i = 0; i < out.size(); i += 4) {
    const auto r = philox(seed, stream, (begin + i) / 4, Purpose::kNoise);
    const auto a = r123::boxmuller(r[0], r[1]), b = r123::boxmuller(r[2], r[3]);
    const float four[] = {a.x, a.y, b.x, b.y};
    std::copy_n(four, std::min<std::size_t>(4, out.size() - i), out.begin() + i);
  }
}

void rotate_normals(double angle, std::span<const double> p, std::span<double> eps) {
  const double c = std::cos(angle), s = std::sin(angle);
  for (std::size_t v = 0; v < eps.size(); ++v) eps[v] = eps[v] * c + p[v] * s;
}

void gumbels_of_normals(std::span<const double> eps, std::span<float> out) {
  const GumbelTable& table = GumbelTable::get();
  for (std::size_t v = 0; v < out.size(); ++v)
    out[v] = static_cast<float>(table.gumbel_of_normal(eps[v]));
}

void counted_gumbels(const CountedNoise& noise, std::size_t begin, std::span<float> out) {
  thread_local std::vector<double> eps, p;
  eps.resize(out.size());
  counted_normals(noise.seed, noise.stream, begin, eps);
  if (noise.angle != 0) {
    p.resize(out.size());
    counted_normals(noise.seed, noise.stream + 1, begin, p);
    rotate_normals(noise.angle, p, eps);
  }
  gumbels_of_normals(eps, out);
}

}  // namespace ponder
