// Terms that are a function of one reply at a time.
#include <utility>

#include "ponder/energy/terms.h"

namespace ponder {
namespace {

class OwnTerm final : public Term {
 public:
  using Value = std::function<double(ReplyTokens)>;
  using Range = std::function<TermRange(ReplyTokens, int)>;
  OwnTerm(std::string name, Value value, Range range)
      : name_(std::move(name)), value_(std::move(value)), range_(std::move(range)) {}
  std::string_view name() const override { return name_; }
  Status evaluate(std::span<const ReplyTokens> replies, std::span<double> out) override {
    for (std::size_t i = 0; i < replies.size(); ++i) out[i] = value_(replies[i]);
    return {};
  }
  TermRange range(ReplyTokens begin, int n_most) const override {
    if (n_most > static_cast<int>(begin.size()))
      return range_ ? range_(begin, n_most) : TermRange{};
    const double r = value_(begin);
    return {r, r};
  }

 private:
  std::string name_;
  Value value_;
  Range range_;
};

}  // namespace

std::unique_ptr<Term> make_term(std::string name, std::function<double(ReplyTokens)> value,
                                std::function<TermRange(ReplyTokens, int)> range) {
  return std::make_unique<OwnTerm>(std::move(name), std::move(value), std::move(range));
}

}  // namespace ponder
