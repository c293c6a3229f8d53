// Takes the argmax, then keeps the edit budget, then removes forbidden patterns, each at the least
// loss.
#include "dna/snap.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace ponder::dna {
namespace {

class Snap {
 public:
  Snap(std::span<const double> z, const Constraints& c)
      : z_(z), c_(c), changed_(c.letters.size(), false) {}
  Sequence run() {
    argmax();
    if (c_.max_edits >= 0) undo_edits();
    while (repair_one()) {
    }
    return std::move(x_);
  }

 private:
  double z(std::size_t t, Token v) const { return z_[t * kLetters + v]; }
  bool edited(std::size_t t) const { return c_.max_edits >= 0 && x_[t] != c_.start[t]; }

  void argmax() {
    for (std::size_t t = 0; t < c_.letters.size(); ++t) {
      Token best = -1;
      for (Token v = 0; v < kLetters; ++v)
        if ((c_.letters[t] >> v & 1) && (best < 0 || z(t, v) > z(t, best))) best = v;
      x_.push_back(best);
    }
  }
  void undo_edits() {
    std::vector<std::pair<double, std::size_t>> margins;
    for (std::size_t t = 0; t < x_.size(); ++t)
      if (edited(t)) margins.emplace_back(z(t, x_[t]) - z(t, c_.start[t]), t);
    std::sort(margins.rbegin(), margins.rend());
    for (std::size_t k = static_cast<std::size_t>(c_.max_edits); k < margins.size(); ++k)
      x_[margins[k].second] = c_.start[margins[k].second];
    left_ = c_.max_edits - static_cast<int>(std::min<std::size_t>(margins.size(), c_.max_edits));
  }

  // Repairs the first place where a forbidden pattern matches and a letter can be changed. Each
  // letter is changed at most once, so that the repairs end.
  bool repair_one() {
    for (; at_ < x_.size(); ++at_)
      for (const std::vector<LetterSet>& pattern : c_.forbidden)
        if (matches(pattern) && change(pattern)) {
          // a match that the change has made begins no earlier
          at_ -= std::min(at_, longest() - 1);
          return true;
        }
    return false;
  }
  bool matches(const std::vector<LetterSet>& pattern) const {
    if (at_ + pattern.size() > x_.size()) return false;
    for (std::size_t j = 0; j < pattern.size(); ++j)
      if (!(pattern[j] >> x_[at_ + j] & 1)) return false;
    return true;
  }
  bool change(const std::vector<LetterSet>& pattern) {
    double least = std::numeric_limits<double>::infinity();
    std::size_t where = 0;
    Token to = -1;
    for (std::size_t j = 0; j < pattern.size(); ++j) {
      const std::size_t t = at_ + j;
      for (Token v = 0; v < kLetters && !changed_[t]; ++v) {
        if (!(c_.letters[t] >> v & 1) || (pattern[j] >> v & 1)) continue;
        if (c_.max_edits >= 0 && left_ == 0 && !edited(t)) continue;
        if (const double loss = z(t, x_[t]) - z(t, v); loss < least)
          least = loss, where = t, to = v;
      }
    }
    if (to < 0) return false;
    left_ += edited(where);
    x_[where] = to;
    left_ -= edited(where);
    changed_[where] = true;
    return true;
  }
  std::size_t longest() const {
    std::size_t n = 1;
    for (const auto& pattern : c_.forbidden) n = std::max(n, pattern.size());
    return n;
  }

  std::span<const double> z_;
  const Constraints& c_;
  Sequence x_;
  std::vector<bool> changed_;
  std::size_t at_ = 0;
  int left_ = 0;  // edits
};

}  // namespace

Sequence snap(std::span<const double> z, const Constraints& c) { return Snap(z, c).run(); }

}  // namespace ponder::dna
