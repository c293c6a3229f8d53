// The rows of independent positions.
#include <cmath>
#include <string>

#include "law/requests.h"
#include "law/small_row.h"
#include "ponder/density/gradient.h"
#include "ponder/dna/dna.h"

namespace ponder::dna {

Result<SequenceDensity> SequenceDensity::make(std::vector<LetterSet> letters) {
  if (letters.empty())
    return Error{Code::kInvalid, "a sequence of at least one letter", "none", "DNA density", ""};
  for (std::size_t t = 0; t < letters.size(); ++t)
    if ((letters[t] & kAnyLetter) == 0)
      return Error{Code::kInvalid, "a letter that may stand at each position", "none",
                   "DNA density, position " + std::to_string(t), ""};
  return SequenceDensity(std::move(letters));
}

std::vector<double> SequenceDensity::log_probs(int position, const TokenMask* mask) const {
  std::vector<double> lp(kLetters, -std::numeric_limits<double>::infinity());
  // No letter follows the last one; the row there is uniform over all letters.
  const LetterSet set = position < n_ctx() ? letters_[position] : kAnyLetter;
  int n = 0;
  for (Token v = 0; v < kLetters; ++v) n += (set >> v & 1) && (!mask || (*mask)[v]);
  for (Token v = 0; v < kLetters; ++v)
    if ((set >> v & 1) && (!mask || (*mask)[v])) lp[v] = -std::log(n);
  return lp;
}

Status SequenceDensity::extend(std::span<const Extend> requests, Rows& out) {
  out.start(requests.size());
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const Extend& e = requests[r];
    const Prefix parent = e.parent.get();
    out.first[r + 1] = out.first[r];
    out.status[r] = parent < 0 ? Error{Code::kInvalid, "a prefix of letters",
                                       std::to_string(parent), "DNA density", "begin with root()"}
                               : check_request(*this, e, parent);
    if (!out.status[r].ok()) continue;
    const int n = static_cast<int>(e.tokens.size()), begin = first_row(e);
    for (int k = begin; k < begin + n_rows(e); ++k)
      out.rows.push_back(
          small_row(log_probs(parent + k, e.mask(k - begin)), e.needs, k < n ? e.tokens[k] : -1));
    out.first[r + 1] = static_cast<std::uint32_t>(out.rows.size());
    out.end[r] = PrefixRef::adopt(*this, parent + n);
    (n == 1 ? out.cost[r].tokens_decoded : out.cost[r].tokens_scored) += n;
    cost_ += out.cost[r];
  }
  return out.first_error();
}

Status SequenceDensity::value_and_grad(std::span<const SoftReply> replies, const Objective& o,
                                       const GradientOptions&, std::vector<ReplyGradient>& out) {
  out.assign(replies.size(), {});
  for (std::size_t k = 0; k < replies.size(); ++k) {
    const SoftReply& r = replies[k];
    ReplyGradient& g = out[k];
    g.slopes.assign(r.n() * kLetters, 0.f);
    for (std::size_t t = 0; t < r.n(); ++t) {
      const TokenMask* mask = r.masks.empty() ? nullptr : r.masks[r.masks.size() == 1 ? 0 : t];
      const std::vector<double> lp = log_probs(r.parent.get() + static_cast<Prefix>(t), mask);
      double mean = 0, sum = 0;
      for (int j = 0; j < r.m; ++j) {
        const double w = r.weights.empty() ? 1 : static_cast<double>(r.weights[t * r.m + j]);
        const double l = lp[r.list(t)[j]];
        if (w != 0) mean += w * l;
        g.weights.push_back(static_cast<float>(o.logprob * l));
      }
      for (double l : lp) sum += std::isinf(l) ? 0 : std::exp(o.alpha * l);
      g.logprobs.push_back(mean);
      g.lz.push_back(std::log(sum));
      g.value += o.logprob * mean + o.lz * g.lz.back();
    }
    g.finite = std::isfinite(g.value);
    cost_.tokens_backward += static_cast<std::int64_t>(r.n());
  }
  return {};
}

}  // namespace ponder::dna
