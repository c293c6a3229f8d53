// ReplyLaw: masks by position, the test for replies, and the check that the law allows at least one
// reply.
#include "ponder/density/law.h"

#include <algorithm>
#include <array>
#include <string>

namespace ponder {
namespace {

constexpr std::array<std::string_view, 3> kTargets{"ended", "truncated", "fixed"};

Error bad(const std::string& expected, const std::string& got, const std::string& hint = "") {
  return {Code::kInvalid, expected, got, "the law of replies", hint};
}

}  // namespace

std::string_view to_string(Target t) { return kTargets[static_cast<std::size_t>(t)]; }
std::optional<Target> parse_target(std::string_view s) {
  for (std::size_t i = 0; i < kTargets.size(); ++i)
    if (kTargets[i] == s) return static_cast<Target>(i);
  return std::nullopt;
}

Result<ReplyLaw> ReplyLaw::make(const ReplyLawConfig& config, int n_vocab,
                                std::span<const Token> end_tokens) {
  if (config.horizon < 1)
    return bad("a horizon of at least 1 token", std::to_string(config.horizon),
               "use --max-length or --length");
  if (config.min_length < 0 || config.min_length > config.horizon)
    return bad("a minimum length from 0 to the horizon " + std::to_string(config.horizon),
               std::to_string(config.min_length));
  if (config.shortest < 0 || config.shortest > config.horizon)
    return bad("a fewest number of tokens from 0 to the horizon " + std::to_string(config.horizon),
               std::to_string(config.shortest));
  ReplyLaw law;
  law.config_ = config;
  for (Token v : end_tokens)
    if (v >= 0 && v < n_vocab) law.end_tokens_.push_back(v);
  std::sort(law.end_tokens_.begin(), law.end_tokens_.end());
  for (Token v : config.allowed)
    if (v < 0 || v >= n_vocab)
      return bad("allowed ids from 0 to " + std::to_string(n_vocab - 1), std::to_string(v));
  TokenMask all =
      config.allowed.empty() ? TokenMask(n_vocab) : TokenMask::only(n_vocab, config.allowed);
  TokenMask no_end = all;
  for (Token v : law.end_tokens_) no_end.set(v, false);
  const bool has_end = no_end.count() < all.count(),
             needs_other = config.target == Target::kFixed || config.min_length > 1;
  if (config.target == Target::kEnded && !has_end)
    return bad("an end token among the allowed ids", "none",
               "name one in --allow-ids, or use --target truncated or fixed");
  if (needs_other && no_end.count() == 0) return bad("an allowed id that is no end token", "none");
  if (!config.allowed.empty()) law.allowed_ = std::move(all);
  law.allowed_no_end_ = std::move(no_end);
  return law;
}

bool ReplyLaw::is_end(Token v) const {
  return std::binary_search(end_tokens_.begin(), end_tokens_.end(), v);
}

const TokenMask* ReplyLaw::mask(int t) const {
  // A reply of min_length tokens may have its end token at position min_length - 1.
  if (config_.target == Target::kFixed || t < config_.min_length - 1) return &*allowed_no_end_;
  return allowed_ ? &*allowed_ : nullptr;
}

std::vector<const TokenMask*> ReplyLaw::masks(std::size_t n, int begin) const {
  std::vector<const TokenMask*> out(n);
  for (std::size_t t = 0; t < n; ++t) out[t] = mask(begin + static_cast<int>(t));
  return out;
}

bool ReplyLaw::is_closed(std::span<const Token> x) const {
  const auto n = static_cast<int>(x.size());
  if (n == 0 || n > config_.horizon) return false;
  for (int t = 0; t < n; ++t) {
    if (x[t] < 0 || x[t] >= allowed_no_end_->n_vocab()) return false;
    const TokenMask* m = mask(t);
    if ((m && !(*m)[x[t]]) || closes(t, x[t]) != (t + 1 == n)) return false;
  }
  return true;
}

}  // namespace ponder
