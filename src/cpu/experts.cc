// ExpertLayer. With scores s of the router, weights p = softmax(s) and y = sum_e p_e f_e(x):
//   df_e = p_e dy,  dp_e = dy f_e,  ds_e = p_e (dp_e - sum_j p_j dp_j),  dx += ds_e router_e.
// dy f_e is taken inside the expert, as the product of what enters its last matrix and the gradient
// there.
#include "cpu/experts.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/parallel.h"
#include "ops/vector.h"

namespace ponder {

// Writes each row's experts and their weights, and the places of the rows.
void ExpertLayer::route(int n, ExpertRoom& r) const {
  const int ld_p = w_.router.n_padded();
  r.p.grow(static_cast<std::size_t>(round_up(n, kRowBlock)) * ld_p);
  r.used.resize(static_cast<std::size_t>(n) * n_used());
  w_.router.forward(r.x.data(), a_stride(c_.n_embd), n, r.p.data(), ld_p, n_threads_);
  parallel_ranges(n_threads_, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      choose(r.p.data() + i * ld_p, r.used.data() + i * n_used());
  });
  group(r);
}

// Chooses the experts with the highest scores, of equal ones the lowest number, and turns scores
// into weights. An expert outside the softmax has the weight 0.
void ExpertLayer::choose(float* p, int* used) const {
  const int n = c_.n_experts;
  if (!w_.router_bias.empty()) add(p, w_.router_bias.data(), n);
  int* end = used;
  for (; end < used + n_used(); ++end) {
    int best = -1;
    for (int e = 0; e < n; ++e)
      if ((best < 0 || p[e] > p[best]) && std::find(used, end, e) == end) best = e;
    *end = best;
  }
  const float max = p[used[0]];
  std::sort(used, end);
  float total = 0;
  for (int e = 0; e < n; ++e) {
    const bool inside = !c_.softmax_of_used || std::binary_search(used, end, e);
    p[e] = inside ? std::exp(p[e] - max) : 0;
    total += p[e];
  }
  for (int e = 0; e < n; ++e) p[e] /= total;
}

void ExpertLayer::group(ExpertRoom& r) const {
  std::vector<int> next(c_.n_experts, 0);
  for (int e : r.used) ++next[e];
  r.groups.clear();
  int at = 0;
  for (int e = 0; e < c_.n_experts; ++e) {
    if (next[e] > 0) r.groups.push_back({e, at, next[e]});
    at += round_up(std::exchange(next[e], at), kRowBlock);
  }
  const auto places = static_cast<std::size_t>(at);
  r.place.resize(r.used.size());
  r.use.resize(places);
  for (std::size_t i = 0; i < r.used.size(); ++i) {
    r.place[i] = next[r.used[i]]++;
    r.use[r.place[i]] = static_cast<int>(i);
  }
  r.a.grow(places * row_bytes(c_.n_embd));
  r.out.grow(places * ld());
}

// Cuts the product of each group's rows with a matrix into pieces of which every thread has some,
// and whose results stay in the cache.
std::vector<ExpertLayer::Piece> ExpertLayer::pieces(const ExpertRoom& r, int n_panels) const {
  constexpr int kLeast = 2, kPerThread = 8, kMostValues = 1 << 15;
  const int fair = n_panels * static_cast<int>(r.groups.size()) / (kPerThread * n_threads_);
  std::vector<Piece> all;
  for (const ExpertRows& g : r.groups) {
    const int width = std::max(std::min(fair, kMostValues / (g.n * kPanel)), kLeast);
    for (int at = 0; at < n_panels; at += width)
      all.push_back({&g, at, std::min(at + width, n_panels)});
  }
  return all;
}

void ExpertLayer::forward(int n, std::byte* gate, std::byte* up, float* y, ExpertRoom& r) const {
  const int d = c_.n_embd, k = n_used();
  route(n, r);
  r.inner.grow(r.use.size() * row_bytes(c_.n_ff));
  parallel_ranges(n_threads_, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * k; i < end * k; ++i)
      to_compute(kernel_.compute, r.x.data() + i / k * a_stride(d), d,
                 r.a.data() + r.place[i] * row_bytes(d));
  });
  const std::vector<Piece> opening = pieces(r, w_.experts[0].up.n_panels()),
                           closing = pieces(r, w_.experts[0].down.n_panels());
  parallel_for(n_threads_, static_cast<std::int64_t>(opening.size()),
               [&](std::int64_t i) { open(opening[i], gate, up, r); });
  parallel_for(n_threads_, static_cast<std::int64_t>(closing.size()),
               [&](std::int64_t i) { close(closing[i], r); });
  parallel_ranges(n_threads_, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      combine(r.p.data() + i * w_.router.n_padded(), r.used.data() + i * k, r.place.data() + i * k,
              r.out.data(), y + i * ld());
  });
}

// Gate, up and the activation of a piece.
void ExpertLayer::open(const Piece& piece, std::byte* gate, std::byte* up, ExpertRoom& r) const {
  thread_local Buffer<float> gates, ups;
  const ExpertRows& g = *piece.rows;
  const ExpertWeights::Expert& w = w_.experts[g.expert];
  const int column = piece.begin * kPanel, width = (piece.end - piece.begin) * kPanel,
            inside = std::min(width, c_.n_ff - column);
  const std::ptrdiff_t bias = std::ptrdiff_t{g.expert} * c_.n_ff + column,
                       at = column * static_cast<std::ptrdiff_t>(compute_bytes(kernel_.compute));
  const auto product = [&](const Linear& matrix, Buffer<float>& out) {
    out.grow(static_cast<std::size_t>(round_up(g.n, kRowBlock)) * width);
    matrix.forward_panels(r.a.data() + g.first * row_bytes(c_.n_embd), a_stride(c_.n_embd), g.n,
                          piece.begin, piece.end, out.data(), width);
  };
  product(w.gate, gates);
  product(w.up, ups);
  for (std::ptrdiff_t i = 0; i < g.n; ++i) {
    float *gi = gates.data() + i * width, *ui = ups.data() + i * width;
    if (!w_.gate_bias.empty()) add(gi, w_.gate_bias.data() + bias, inside);
    if (!w_.up_bias.empty()) add(ui, w_.up_bias.data() + bias, inside);
    const std::ptrdiff_t tape = r.use[g.first + i] * tape_bytes() + at;
    if (gate) convert(kernel_.compute, gi, width, gate + tape);
    if (up) convert(kernel_.compute, ui, width, up + tape);
    gate_.value(gi, ui, width, ui);
    convert(kernel_.compute, ui, width, r.inner.data() + (g.first + i) * row_bytes(c_.n_ff) + at);
  }
}

void ExpertLayer::close(const Piece& piece, ExpertRoom& r) const {
  const ExpertRows& g = *piece.rows;
  w_.experts[g.expert].down.forward_panels(
      r.inner.data() + g.first * row_bytes(c_.n_ff), a_stride(c_.n_ff), g.n, piece.begin, piece.end,
      r.out.data() + std::ptrdiff_t{g.first} * ld() + piece.begin * kPanel, ld());
}

// The weighted sum of the outputs of one row's experts.
void ExpertLayer::combine(const float* p, const int* used, const int* place, float* out,
                          float* y) const {
  const int d = c_.n_embd;
  std::fill_n(y, d, 0.f);
  for (int j = 0; j < n_used(); ++j) {
    float* from = out + std::ptrdiff_t{place[j]} * ld();
    if (!w_.down_bias.empty()) add(from, w_.down_bias.data() + std::ptrdiff_t{used[j]} * d, d);
    add(y, p[used[j]], from, d);
  }
}

void ExpertLayer::vjp(int n, const std::byte* dy, const std::byte* gate, const std::byte* up,
                      ExpertTransposed* kept, float* dx, ExpertRoom& r) const {
  const int d = c_.n_embd, k = n_used();
  route(n, r);
  r.dweight.resize(r.used.size());
  parallel_ranges(n_threads_, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * k; i < end * k; ++i)
      std::memcpy(r.a.data() + r.place[i] * row_bytes(d), dy + i / k * row_bytes(d), row_bytes(d));
  });
  // One thread has one expert, so that transposed matrices that are not kept exist a few at a time.
  parallel_for(n_threads_, static_cast<std::int64_t>(r.groups.size()), [&](std::int64_t i) {
    const ExpertRows& g = r.groups[i];
    ExpertTransposed own, &t = kept ? kept[g.expert] : own;
    std::call_once(t.once, [&] { transpose(g.expert, t); });
    expert_vjp(g, t, gate, up, r);
  });
  parallel_ranges(n_threads_, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float* to = dx + i * ld();
      std::fill_n(to, d, 0.f);
      for (std::int64_t j = i * k; j < (i + 1) * k; ++j)
        add(to, r.out.data() + std::ptrdiff_t{r.place[j]} * ld(), d);
      router_vjp(r.p.data() + i * w_.router.n_padded(), r.used.data() + i * k,
                 r.dweight.data() + i * k, to);
    }
  });
}

void ExpertLayer::transpose(int expert, ExpertTransposed& t) const {
  const ExpertWeights::Expert& w = w_.experts[expert];
  const Linear::Outputs both[] = {{&w.gate, 0, c_.n_ff}, {&w.up, 0, c_.n_ff}},
                        down[] = {{&w.down, 0, c_.n_embd}};
  Pages pages(0);
  t.gate_up = Linear::transposed(both, pages, 1);
  t.down = Linear::transposed(down, pages, 1);
}

// Carries the gradient of one expert's rows, from r.a, back to its input, to r.out, and to its
// weight in each row.
void ExpertLayer::expert_vjp(const ExpertRows& g, const ExpertTransposed& t, const std::byte* gate,
                             const std::byte* up, ExpertRoom& r) const {
  thread_local Buffer<float> douts;
  thread_local Buffer<std::byte> operand;
  const int d = c_.n_embd, n_ff = c_.n_ff, ld_ff = t.down.n_padded(), both = t.gate_up.n_in();
  const std::size_t rows = round_up(g.n, kRowBlock);
  const std::byte* dy = r.a.data() + g.first * row_bytes(d);
  douts.grow(rows * ld_ff);
  operand.grow(rows * row_bytes(both));
  t.down.forward_panels(dy, a_stride(d), g.n, 0, t.down.n_panels(), douts.data(), ld_ff);
  std::vector<float> gates(n_ff), ups(n_ff), inner(n_ff), out(d), row(both, 0.f);
  for (std::ptrdiff_t i = 0; i < g.n; ++i) {
    float* dinner = douts.data() + i * ld_ff;
    const int use = r.use[g.first + i];
    expand(kernel_.compute, gate + use * tape_bytes(), n_ff, gates.data());
    expand(kernel_.compute, up + use * tape_bytes(), n_ff, ups.data());
    gate_.value(gates.data(), ups.data(), n_ff, inner.data());
    r.dweight[use] = dot(dinner, inner.data(), n_ff);
    if (!w_.down_bias.empty()) {
      expand(kernel_.compute, dy + i * row_bytes(d), d, out.data());
      r.dweight[use] += dot(out.data(), w_.down_bias.data() + std::ptrdiff_t{g.expert} * d, d);
    }
    const float weight =
        r.p[static_cast<std::size_t>(use / n_used()) * w_.router.n_padded() + g.expert];
    for (int j = 0; j < n_ff; ++j) dinner[j] *= weight;
    gate_.vjp(gates.data(), ups.data(), n_ff, dinner, row.data(), row.data() + both / 2);
    to_compute(kernel_.compute, row.data(), both, operand.data() + i * row_bytes(both));
  }
  t.gate_up.forward_panels(operand.data(), a_stride(both), g.n, 0, t.gate_up.n_panels(),
                           r.out.data() + std::ptrdiff_t{g.first} * ld(), ld());
}

// Adds to dx what comes through the weights of one row's experts.
void ExpertLayer::router_vjp(const float* p, const int* used, const float* dweight,
                             float* dx) const {
  float mean = 0;
  for (int j = 0; j < n_used(); ++j) mean += p[used[j]] * dweight[j];
  std::vector<float> row(c_.n_embd);
  for (int e = 0, j = 0; e < c_.n_experts; ++e) {
    const bool is_used = j < n_used() && used[j] == e;
    const float slope = is_used ? dweight[j++] : 0;
    if (p[e] == 0) continue;
    w_.router.row(e, row.data());
    add(dx, p[e] * (slope - mean), row.data(), c_.n_embd);
  }
}

}  // namespace ponder
