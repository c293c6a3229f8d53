// Terms that are a function of one reply at a time.
#include <utility>

#include "ponder/terms.h"

namespace ponder {
namespace {

class OwnTerm final : public Term {
 public:
  OwnTerm(std::string name, std::function<double(ReplyTokens)> value)
      : name_(std::move(name)), value_(std::move(value)) {}
  std::string_view name() const override { return name_; }
  Status evaluate(std::span<const ReplyTokens> replies, std::span<double> out) override {
    for (std::size_t i = 0; i < replies.size(); ++i) out[i] = value_(replies[i]);
    return {};
  }

 private:
  std::string name_;
  std::function<double(ReplyTokens)> value_;
};

}  // namespace

std::unique_ptr<Term> make_term(std::string name, std::function<double(ReplyTokens)> value) {
  return std::make_unique<OwnTerm>(std::move(name), std::move(value));
}

}  // namespace ponder
