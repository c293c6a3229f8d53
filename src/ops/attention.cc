// Attention: a product with the keys as outputs and one with the values as inputs, both by the
// engine's own kernel (gemm.h), and the softmax between them. A sum over positions is cut only
// between blocks of kPanel positions, which the kernel's `add` joins again, and a weight of zero
// adds nothing. So the result does not depend on which part of a path is shared, nor on the other
// rows.
#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "ops/activation.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "ops/vector.h"

namespace ponder {
namespace {

constexpr int kChunk = 128;  // number of positions whose panels stay in the L1 cache

int block_begin(int position) { return position / kPanel * kPanel; }

// Some rows over positions [begin, end) of one path. begin is a multiple of kPanel.
struct Part {
  int first_row, n_rows;
  std::span<const KvRun> runs;
  int begin, end;
};

class AttentionForward {
 public:
  AttentionForward(const GemmKernel& kernel, const AttentionShape& s, const KvHead& kv,
                   std::span<const AttentionRow> rows, AttentionRoom& room)
      : kernel_(kernel),
        s_(s),
        keys_{key_type(kernel.compute), s.width(), kv.keys, kv.block_bytes},
        values_{value_type(kernel.compute), s.width(), kv.values, kv.block_bytes},
        rows_(rows),
        room_(room) {
    cut();
    const std::size_t m = rows.size() * s.group,
                      padded = m + kRowBlock;  // a part may begin at any row
    int longest = 0;
    for (const Part& p : own_) longest = std::max(longest, p.end);
    ld_ = round_up(std::max(longest, shared_.end) - base_, kPanel) + kPanel;
    room.q.grow(padded * width());
    room.inverse.grow(m);
    room.panels.grow(std::max(slot_panel_bytes(keys_, kChunk), slot_panel_bytes(values_, kChunk)));
    room.scores.grow(padded * ld_);
    room.out.grow(padded * width());
    room.part.grow(padded * width());
  }

  void run() {
    for (std::size_t r = 0; r < rows_.size(); ++r)
      for (int g = 0; g < s_.group; ++g)
        scale_query(s_, rows_[r].q + g * s_.head_dim, query(static_cast<int>(r) * s_.group + g));
    // A kernel may write past the last row of a part, so parts are processed in the order of rows.
    score(shared_);
    for (const Part& p : own_) {
      score(p);
      for (int r = p.first_row; r < p.first_row + p.n_rows; ++r) softmax(r, p.end);
    }
    std::fill_n(room_.out.data(), rows_.size() * s_.group * width(), 0.f);
    weigh(shared_, room_.out.data());
    for (const Part& p : own_) {
      const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(p.n_rows) * s_.group * width();
      std::copy_n(room_.out.data() + static_cast<std::ptrdiff_t>(p.first_row) * s_.group * width(),
                  n, room_.part.data());
      weigh(p, room_.part.data());
      finish(p);
    }
  }

 private:
  std::ptrdiff_t width() const { return keys_.width; }
  std::ptrdiff_t size() const {
    return static_cast<std::ptrdiff_t>(compute_bytes(kernel_.compute));
  }
  float* query(int i) { return room_.q.data() + i * width(); }
  float* scores(int i) { return room_.scores.data() + static_cast<std::ptrdiff_t>(i) * ld_; }
  // The weight at a position. Weights overwrite the scores of the query.
  std::byte* weight(int i, int position) {
    return reinterpret_cast<std::byte*>(scores(i)) + (position - base_) * size();
  }

  // Cuts the work into parts: the beginning that all rows share, and then, for each chain of rows
  // in which every row's path continues the one before, the rest of the last path.
  void cut() {
    int n_shared = path_length(rows_[0].runs), first = rows_[0].first;
    for (const AttentionRow& r : rows_) {
      n_shared = std::min(n_shared, shared_positions(rows_[0].runs, r.runs));
      first = std::min(first, r.first);
    }
    base_ = block_begin(first);
    const int n = static_cast<int>(rows_.size()), cut = std::max(base_, block_begin(n_shared));
    shared_ = {0, n, rows_[0].runs, base_, cut};
    for (int r = 0, end = 0; r < n; r = end) {
      int first_seen = rows_[r].first;
      for (end = r + 1; end < n; ++end) {
        const int length = path_length(rows_[end - 1].runs);
        if (shared_positions(rows_[end - 1].runs, rows_[end].runs) != length) break;
        first_seen = std::min(first_seen, rows_[end].first);
      }
      const std::span<const KvRun> runs = rows_[end - 1].runs;
      own_.push_back({r, end - r, runs, std::max(cut, block_begin(first_seen)), path_length(runs)});
    }
  }

  // Calls fn(position, n) for chunks of [begin, end) that are whole blocks of positions.
  template <class F>
  static void chunks(const Part& p, const F& fn) {
    for (int at = p.begin; at < p.end; at += kChunk)
      fn(at, round_up(std::min(kChunk, p.end - at), kPanel));
  }

  void score(const Part& p) {
    const int i = p.first_row * s_.group, m = p.n_rows * s_.group;
    chunks(p, [&](int at, int n) {
      pack_as_outputs(keys_, p.runs, at, n, room_.panels.data());
      score_kernel_.run(query(i), keys_.width, m, room_.panels.data(), keys_.width, n / kPanel,
                        scores(i) + at - base_, ld_, false);
    });
  }

  void softmax(int r, int end) {
    const AttentionRow& row = rows_[r];
    const int n = path_length(row.runs) - row.first;
    for (int g = 0; g < s_.group; ++g) {
      const int i = r * s_.group + g;
      float* p = scores(i) + row.first - base_;
      if (s_.soft_cap > 0) soft_cap(p, n, s_.soft_cap);
      float max = max_of(p, n);
      if (s_.sinks) max = std::max(max, s_.sinks[g]);
      float total = softmax_weights(kernel_.compute, p, n, max, weight(i, row.first));
      if (s_.sinks) total += std::exp(s_.sinks[g] - max);
      std::memset(weight(i, base_), 0, (row.first - base_) * size());
      std::memset(weight(i, row.first + n), 0, (round_up(end, kPanel) - row.first - n) * size());
      if (row.lse) row.lse[g] = max + std::log(total);
      room_.inverse[i] = 1 / total;
    }
  }

  void weigh(const Part& p, float* out) {
    const int i = p.first_row * s_.group, m = p.n_rows * s_.group;
    chunks(p, [&](int at, int n) {
      pack_as_inputs(values_, p.runs, at, n, room_.panels.data());
      kernel_.run(weight(i, at), static_cast<int>(ld_ * sizeof(float) / size()), m,
                  room_.panels.data(), n, values_.width / kPanel, out, values_.width, true);
    });
  }

  // Divides the weighted sums of a part by the sums of the weights, and writes them to their rows.
  void finish(const Part& p) {
    float* sum = room_.part.data();
    for (int r = p.first_row; r < p.first_row + p.n_rows; ++r)
      for (int g = 0; g < s_.group; ++g, sum += width()) {
        const float inverse = room_.inverse[r * s_.group + g];
        for (int k = 0; k < s_.head_dim; ++k) sum[k] *= inverse;
        convert(kernel_.compute, sum, s_.head_dim, rows_[r].out + g * s_.head_dim * size());
      }
  }

  const GemmKernel &kernel_,
      &score_kernel_ = gemm_kernel(product_compute(key_type(kernel_.compute)));
  const AttentionShape& s_;
  SlotVectors keys_, values_;
  std::span<const AttentionRow> rows_;
  AttentionRoom& room_;
  Part shared_{};
  std::vector<Part> own_;
  int base_ = 0, ld_ = 0;
};

}  // namespace

void attend(const GemmKernel& kernel, const AttentionShape& s, const KvHead& kv,
            std::span<const AttentionRow> rows, AttentionRoom& room) {
  AttentionForward(kernel, s, kv, rows, room).run();
}

}  // namespace ponder
