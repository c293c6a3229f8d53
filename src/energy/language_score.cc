// log p of a reply after a prefix as a score of strings and mixtures.
#include "ponder/energy/relaxation.h"

namespace ponder {
namespace {

class LanguageScore final : public SoftScore {
 public:
  LanguageScore(CausalDensity& d, const PrefixRef& root, ReplyLaw law)
      : density_(d), root_(root), law_(std::move(law)) {}

  Status score(std::span<const std::vector<Token>> x, std::vector<double>& f) override {
    std::vector<Extend> batch;
    for (const auto& tokens : x)
      batch.push_back({.parent = root_,
                       .tokens = tokens,
                       .rows = RowSet::kTargets,
                       .masks = law_.masks(tokens.size())});
    Rows rows;
    PONDER_TRY(density_.extend(batch, rows));
    f.assign(x.size(), 0);
    for (std::size_t i = 0; i < x.size(); ++i)
      for (const Row& r : rows.of(i)) f[i] += r.logprob;
    return {};
  }

  Status evaluate(std::span<const SoftPoint> points, std::vector<SoftValue>& out) override {
    std::vector<SoftReply> replies;
    for (const SoftPoint& p : points)
      replies.push_back({.parent = root_,
                         .candidates = p.candidates,
                         .weights = p.weights,
                         .m = p.m,
                         .masks = law_.masks(p.candidates.size() / p.m)});
    std::vector<ReplyGradient> gradients;
    PONDER_TRY(density_.value_and_grad(replies, {}, {.weights = true}, gradients));
    out.clear();
    for (ReplyGradient& g : gradients) out.push_back({g.value, std::move(g.weights), g.finite});
    return {};
  }

 private:
  CausalDensity& density_;
  PrefixRef root_;
  ReplyLaw law_;
};

}  // namespace

std::unique_ptr<SoftScore> make_language_score(CausalDensity& d, const PrefixRef& root,
                                               const ReplyLaw& law) {
  return std::make_unique<LanguageScore>(d, root, law);
}

}  // namespace ponder
