// log p of a reply after a prefix as a score of strings and mixtures.
#include "ponder/relaxation.h"

namespace ponder {
namespace {

class LanguageScore final : public SoftScore {
 public:
  LanguageScore(CausalDensity& d, Prefix root, ReplyLaw law) : density_(d), root_(root), law_(std::move(law)) {}

  Status score(std::span<const std::vector<Token>> x, std::vector<double>& f) override {
    std::vector<std::vector<const TokenMask*>> masks;
    std::vector<Extend> batch;
    for (const auto& tokens : x) masks.push_back(law_.masks(tokens.size()));
    for (std::size_t i = 0; i < x.size(); ++i)
      batch.push_back({.parent = root_, .tokens = x[i], .rows = RowSet::kTargets, .masks = masks[i]});
    Rows rows;
    PONDER_TRY(density_.extend(batch, rows));
    f.assign(x.size(), 0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (const Row& r : rows.of(i)) f[i] += r.logprob;
      density_.release(rows.end[i]);
    }
    return {};
  }

  Status evaluate(std::span<const SoftPoint> points, std::vector<SoftValue>& out) override {
    std::vector<std::vector<const TokenMask*>> masks;
    std::vector<SoftReply> replies;
    for (const SoftPoint& p : points) masks.push_back(law_.masks(p.candidates.size() / p.m));
    for (std::size_t i = 0; i < points.size(); ++i)
      replies.push_back({.parent = root_,
                         .candidates = points[i].candidates,
                         .weights = points[i].weights,
                         .m = points[i].m,
                         .masks = masks[i]});
    std::vector<ReplyGradient> gradients;
    PONDER_TRY(density_.value_and_grad(replies, {}, {.weights = true}, gradients));
    out.clear();
    for (ReplyGradient& g : gradients) out.push_back({g.value, std::move(g.weights), g.finite});
    return {};
  }

 private:
  CausalDensity& density_;
  Prefix root_;
  ReplyLaw law_;
};

}  // namespace

std::unique_ptr<SoftScore> make_language_score(CausalDensity& d, Prefix root, const ReplyLaw& law) {
  return std::make_unique<LanguageScore>(d, root, law);
}

}  // namespace ponder
