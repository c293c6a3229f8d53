// The derivative of attention. With scaled queries q, scores s = q k, weights p = exp(s - lse) and
// outputs o = sum p v:
//   dv = sum_queries p do,  dp = do v,  ds = p (dp - sum p dp),  dq = sum_positions ds k scale,
//   dk = sum_queries ds q.
// The weights are computed again from the log-sum-exp (as Dao et al. 2022 do). Queries are
// processed in blocks. Every sum runs in the order of positions or queries, by the products of
// gemm.h.
#include "ops/attention_vjp.h"

#include <algorithm>
#include <vector>

#include "ops/activation.h"
#include "ops/softmax.h"
#include "ops/vector.h"

namespace ponder {
namespace {

class AttentionBackward {
 public:
  AttentionBackward(const GemmKernel& kernel, const AttentionShape& s, const KvHead& kv,
                    std::span<const AttentionVjpRow> rows, AttentionVjpRoom& room)
      : kernel_(kernel),
        s_(s),
        rows_(rows),
        room_(room),
        own_(static_cast<int>(rows.size())),
        n_(path_length(rows.back().runs)),
        n_padded_(round_up(n_, kPanel)),
        ld_(n_padded_ + kPanel),
        most_(round_up(std::min(attention_rows(s), own_) * s.group, kRowBlock)) {
    const std::span<const KvRun> path = rows.back().runs;
    const SlotVectors keys{key_type(kernel.compute), s.width(), kv.keys, kv.block_bytes};
    const SlotVectors values{value_type(kernel.compute), s.width(), kv.values, kv.block_bytes};
    const std::size_t own = round_up(own_, kRowBlock), m = most_, w = s.width();
    for (Buffer<std::byte>* b : {&room.keys, &room.keys_in})
      b->grow(slot_panel_bytes(keys, n_padded_));
    room.values.grow(slot_panel_bytes(values, n_padded_));
    pack_as_outputs(keys, path, 0, n_padded_, room.keys.data());
    pack_as_outputs(values, path, 0, n_padded_, room.values.data());
    pack_as_inputs(keys, path, 0, n_padded_, room.keys_in.data());
    for (Buffer<std::byte>* b : {&room.dout, &room.panels}) b->grow(m * w * sizeof(float));
    for (Buffer<float>* b : {&room.q, &room.dq}) b->grow(m * w);
    for (Buffer<float>* b : {&room.p, &room.ds}) b->grow(m * ld_);
    room.turned.grow(own * m * sizeof(float));
    for (Buffer<float>* b : {&room.dk, &room.dv}) {
      b->grow(own * w);
      std::fill_n(b->data(), own * w, 0.f);
    }
  }

  void run() {
    const int block = attention_rows(s_);
    for (int r = 0; r < own_; r += block) add_block(rows_.subspan(r, std::min(block, own_ - r)));
    for (int r = 0; r < own_; ++r) {
      std::copy_n(room_.dk.data() + r * width(), s_.head_dim, rows_[r].dk);
      std::copy_n(room_.dv.data() + r * width(), s_.head_dim, rows_[r].dv);
    }
  }

 private:
  std::ptrdiff_t width() const { return s_.width(); }
  std::ptrdiff_t size() const {
    return static_cast<std::ptrdiff_t>(compute_bytes(kernel_.compute));
  }

  // Processes one block of rows. It sees the positions up to its last row, and adds to dk and dv of
  // the reply's own positions up to there.
  void add_block(std::span<const AttentionVjpRow> rows) {
    const int m = static_cast<int>(rows.size()) * s_.group, length = path_length(rows.back().runs);
    const int n = round_up(length, kPanel), w = s_.width();
    for (int i = 0; i < m; ++i) {
      const AttentionVjpRow& row = rows[i / s_.group];
      const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(i % s_.group) * s_.head_dim;
      scale_query(s_, row.q + from, room_.q.data() + i * width());
      to_compute(kernel_.compute, row.dout + from, s_.head_dim,
                 room_.dout.data() + i * width() * size());
    }
    key_kernel_.run(room_.q.data(), w, m, room_.keys.data(), w, n / kPanel, room_.p.data(), ld_,
                    false);
    kernel_.run(room_.dout.data(), w, m, room_.values.data(), w, n / kPanel, room_.ds.data(), ld_,
                false);
    for (int i = 0; i < m; ++i)
      softmax(rows[i / s_.group], i, n, rows[i / s_.group].lse[i % s_.group]);
    // One panel at a time, since the stride of panels is n_padded_ positions, not n.
    for (int panel = 0; panel < w / kPanel; ++panel)
      key_kernel_.run(room_.ds.data(), ld_, m,
                      reinterpret_cast<const float*>(room_.keys_in.data()) +
                          panel * kPanel * std::ptrdiff_t{n_padded_},
                      n, 1, room_.dq.data() + panel * kPanel, w, false);
    for (int i = 0; i < m; ++i) {
      float* to = rows[i / s_.group].dq + static_cast<std::ptrdiff_t>(i % s_.group) * s_.head_dim;
      for (int k = 0; k < s_.head_dim; ++k) to[k] = room_.dq[i * width() + k] * s_.scale;
    }
    const int own = length - (n_ - own_);
    const std::size_t block = kSlotBlock * width();
    add_turned(kernel_, room_.p, m, own,
               {value_type(kernel_.compute), w, room_.dout.data(), block * size()}, room_.dv);
    add_turned(key_kernel_, room_.ds, m, own,
               {SlotType::kF32, w, reinterpret_cast<const std::byte*>(room_.q.data()),
                block * sizeof(float)},
               room_.dk);
  }

  // Turns the scores and dp of one query into p and ds, and sets both to zero outside the row's
  // positions.
  void softmax(const AttentionVjpRow& row, std::ptrdiff_t i, int n, float lse) {
    const int length = path_length(row.runs);
    float *p = room_.p.data() + i * ld_, *ds = room_.ds.data() + i * ld_;
    if (s_.soft_cap > 0) soft_cap(p + row.first, length - row.first, s_.soft_cap);
    softmax_vjp(p + row.first, ds + row.first, length - row.first, lse, s_.soft_cap);
    for (float* x : {p, ds}) {
      std::fill(x, x + row.first, 0.f);
      std::fill(x + length, x + n, 0.f);
    }
  }

  // sum (own, width) += from^T rows, over m queries. Of `from` (m, ld), the columns of the reply's
  // own positions are used.
  void add_turned(const GemmKernel& kernel, const Buffer<float>& from, int m, int own,
                  const SlotVectors& rows, Buffer<float>& sum) {
    const int k = round_up(m, kKBlock);
    std::vector<float> column(k);
    for (std::ptrdiff_t j = 0; j < own; ++j) {
      for (int i = 0; i < m; ++i)
        column[i] = from[static_cast<std::size_t>(i) * ld_ + n_ - own_ + j];
      to_compute(kernel.compute, column.data(), k,
                 room_.turned.data() + j * k * compute_bytes(kernel.compute));
    }
    // A product writes whole blocks of rows. The rows of `sum` beyond `own` belong to later blocks
    // of queries, so zeros must be added to them.
    const std::size_t row_bytes = k * compute_bytes(kernel.compute);
    std::fill_n(room_.turned.data() + own * row_bytes, (round_up(own, kRowBlock) - own) * row_bytes,
                std::byte{0});
    const KvRun all{0, m};
    pack_as_inputs(rows, {&all, 1}, 0, k, room_.panels.data());
    kernel.run(room_.turned.data(), k, own, room_.panels.data(), k, rows.width / kPanel, sum.data(),
               rows.width, true);
  }

  const GemmKernel &kernel_, &key_kernel_ = gemm_kernel(product_compute(key_type(kernel_.compute)));
  const AttentionShape& s_;
  std::span<const AttentionVjpRow> rows_;
  AttentionVjpRoom& room_;
  // Rows; positions, and the same padded; row stride of scores; most queries in a block.
  int own_, n_, n_padded_, ld_, most_;
};

}  // namespace

void attend_vjp(const GemmKernel& kernel, const AttentionShape& s, const KvHead& kv,
                std::span<const AttentionVjpRow> rows, AttentionVjpRoom& room) {
  AttentionBackward(kernel, s, kv, rows, room).run();
}

}  // namespace ponder
