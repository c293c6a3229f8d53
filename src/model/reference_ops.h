// Scalar references of the row operations, for any number type T: double for values,
// complex<double> for derivatives exact to rounding by the complex step (Squire and Trapp 1998).
// Written for readability, not for speed. The engine uses nothing of this file.
#pragma once

#include <cmath>
#include <complex>
#include <vector>

namespace ponder::reference {

template <class T>
using Vec = std::vector<T>;

inline double real(double x) { return x; }
inline double real(const std::complex<double>& x) { return x.real(); }

template <class T>
Vec<T> rms_norm(const Vec<T>& x, const Vec<double>& w, double eps) {
  T square = 0;
  for (const T& v : x) square += v * v;
  const T scale = 1. / std::sqrt(square / static_cast<double>(x.size()) + eps);
  Vec<T> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * scale * w[i];
  return y;
}

template <class T>
Vec<T> layer_norm(const Vec<T>& x, const Vec<double>& w, const Vec<double>& b, double eps) {
  const auto n = static_cast<double>(x.size());
  T mean = 0, var = 0;
  for (const T& v : x) mean += v / n;
  for (const T& v : x) var += (v - mean) * (v - mean) / n;
  Vec<T> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    y[i] = (x[i] - mean) / std::sqrt(var + eps) * w[i] + b[i];
  return y;
}

template <class T>
T silu(const T& x) {
  return x / (1. + std::exp(-x));
}
template <class T>
T gelu(const T& x) {
  const double c = std::sqrt(2 / M_PI);
  return 0.5 * x * (1. + std::tanh(c * (x + 0.044715 * x * x * x)));
}
template <class T>
T clamped_swiglu(const T& gate, const T& up) {
  const double limit = 7;
  const T g = real(gate) > limit ? T(limit) : gate;
  const T u = real(up) > limit ? T(limit) : real(up) < -limit ? T(-limit) : up;
  return (u + 1.) * g / (1. + std::exp(-1.702 * g));
}
template <class T>
T soft_cap(const T& x, double cap) {
  return cap > 0 ? cap * std::tanh(x / cap) : x;
}

/// Rotates pair i by the angle position · inverse[i], in place, and multiplies it by scale. halves:
/// pairs are (i, i + n/2), else (2i, 2i+1).
template <class T>
void rope(T* x, int n, bool halves, int position, const std::vector<float>& inverse, double scale) {
  for (int i = 0; i < n / 2; ++i) {
    const double angle = position * static_cast<double>(inverse[i]);
    const double c = std::cos(angle) * scale, s = std::sin(angle) * scale;
    T &a = x[halves ? i : 2 * i], &b = x[halves ? i + n / 2 : 2 * i + 1];
    const T turned = a * c - b * s;
    b = a * s + b * c;
    a = turned;
  }
}

template <class T>
T log_sum_exp(const Vec<T>& x) {
  double max = real(x[0]);
  for (const T& v : x) max = std::max(max, real(v));
  T sum = 0;
  for (const T& v : x) sum += std::exp(v - max);
  return std::log(sum) + max;
}

/// Attention of one query over the keys and values [first, n): the weighted sum of the values.
/// sink: one more score, without a value; null: none.
template <class T>
Vec<T> attend(const Vec<T>& q, const Vec<Vec<T>>& keys, const Vec<Vec<T>>& values, int first,
              double scale, double cap, const double* sink) {
  Vec<T> scores;
  for (std::size_t j = first; j < keys.size(); ++j) {
    T s = 0;
    for (std::size_t i = 0; i < q.size(); ++i) s += q[i] * keys[j][i];
    scores.push_back(soft_cap(s * scale, cap));
  }
  if (sink) scores.emplace_back(*sink);
  const T lse = log_sum_exp(scores);
  Vec<T> out(q.size(), T(0));
  for (std::size_t j = first; j < keys.size(); ++j)
    for (std::size_t i = 0; i < q.size(); ++i)
      out[i] += std::exp(scores[j - first] - lse) * values[j][i];
  return out;
}

}  // namespace ponder::reference
