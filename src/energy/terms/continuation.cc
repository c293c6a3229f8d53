// Terms by which the same model judges a reply that it reads in another prompt: the probability of
// the prompt (log p(c | x)), or of "Yes". All replies take two batches: one reads them, one scores
// the wanted tokens.
#include <utility>

#include "base/check.h"
#include "ponder/density/density.h"
#include "ponder/energy/terms.h"

namespace ponder {
namespace {

class ContinuationTerm final : public Term {
 public:
  ContinuationTerm(std::string_view name, CausalDensity& d, Continuation a)
      : name_(name), density_(d), a_(std::move(a)) {
    PONDER_CHECK(!a_.wanted.empty());
  }
  std::string_view name() const override { return name_; }

  Status evaluate(std::span<const ReplyTokens> replies, std::span<double> out) override {
    std::vector<std::vector<Token>> readings;
    std::vector<Extend> batch;
    for (ReplyTokens x : replies) {
      if (density_.is_end(x.back())) x = x.first(x.size() - 1);
      readings.emplace_back(x.begin(), x.end());
      readings.back().insert(readings.back().end(), a_.bridge.begin(), a_.bridge.end());
    }
    for (const std::vector<Token>& r : readings)
      batch.push_back({.parent = a_.context, .tokens = r, .rows = RowSet::kNone});
    Rows rows;
    PONDER_TRY(density_.extend(batch, rows));
    batch.clear();
    for (const PrefixRef& p : rows.end)
      batch.push_back({.parent = p, .tokens = a_.wanted, .rows = RowSet::kTargets});
    PONDER_TRY(density_.extend(batch, rows));
    for (std::size_t i = 0; i < replies.size(); ++i) {
      out[i] = 0;
      for (const Row& r : rows.of(i)) out[i] += r.logprob;
    }
    return {};
  }

 private:
  std::string_view name_;
  CausalDensity& density_;
  Continuation a_;
};

}  // namespace

std::unique_ptr<Term> make_reply_to_prompt_term(CausalDensity& d, Continuation a) {
  return std::make_unique<ContinuationTerm>("reply-to-prompt", d, std::move(a));
}
std::unique_ptr<Term> make_self_verification_term(CausalDensity& d, Continuation a) {
  return std::make_unique<ContinuationTerm>("self-verification", d, std::move(a));
}

}  // namespace ponder
