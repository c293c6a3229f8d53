// ReplyLaw says which token strings are replies and what their probability is, by target (ended,
// truncated, fixed), horizon, minimum length, allowed ids and fewest tokens that count. Not a
// density: it only says which mask a position has, when a string closes and whether it is a reply.
// docs/methods.md#targets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ponder/density/density.h"

namespace ponder {

enum class Target : std::uint8_t {
  // replies that end in an end token within the horizon; all other strings have probability 0
  kEnded,
  // ended replies, and unended ones of exactly horizon tokens, with their prefix's probability
  kTruncated,
  kFixed,  // exactly horizon tokens, end tokens masked and the law renormalised
};
std::string_view to_string(Target);
std::optional<Target> parse_target(std::string_view);

struct ReplyLawConfig {
  Target target = Target::kEnded;
  int horizon = 256;   // T: most tokens of a reply, the end token counted
  int min_length = 0;  // shortest reply, the end token counted; end tokens masked before it
  // restrict the law to these ids; empty: all. End tokens must be named to be allowed
  std::vector<Token> allowed{};
  // Fewest tokens of a reply that counts, the end token counted. Unlike min_length this is a
  // condition: a string that closes earlier is no reply, but no end token is masked, and
  // log-probabilities are those of the law without the condition.
  int shortest = 0;
};

class ReplyLaw {
 public:
  /// Errors: kInvalid (horizon < 1, min_length or shortest > horizon, ids out of range, no id left,
  /// `ended` without an end token).
  static Result<ReplyLaw> make(const ReplyLawConfig&, int n_vocab,
                               std::span<const Token> end_tokens);

  Target target() const { return config_.target; }
  int horizon() const { return config_.horizon; }
  int min_length() const { return config_.min_length; }
  int shortest() const { return config_.shortest; }
  const ReplyLawConfig& config() const { return config_; }
  bool is_end(Token v) const;
  std::span<const Token> end_tokens() const { return end_tokens_; }
  /// Mask of the row that predicts token t (t = 0 is the first of the reply); nullptr: all ids.
  const TokenMask* mask(int t) const;
  /// Masks of the rows that predict n tokens from `begin` on.
  std::vector<const TokenMask*> masks(std::size_t n, int begin = 0) const;
  /// The allowed ids without the end tokens.
  const TokenMask& content_mask() const { return *allowed_no_end_; }
  /// True if token v at position t closes the string.
  bool closes(int t, Token v) const {
    return is_end(v) || (config_.target != Target::kEnded && t + 1 >= config_.horizon);
  }
  /// True if a prefix of t unended tokens may be extended.
  bool extends(int t) const { return t < config_.horizon; }
  /// True if each token is allowed at its position and the last token, and no other, closes the
  /// string.
  bool is_closed(std::span<const Token>) const;
  /// True if the string is a reply: closed, and long enough to count.
  bool is_reply(std::span<const Token> x) const { return counts(x.size()) && is_closed(x); }
  /// True if a reply of n tokens is long enough to count.
  bool counts(std::size_t n) const { return n >= static_cast<std::size_t>(config_.shortest); }

 private:
  ReplyLawConfig config_;
  std::vector<Token> end_tokens_;
  std::optional<TokenMask> allowed_, allowed_no_end_;
};

/// A reply with its log-probability.
struct Reply {
  std::vector<Token> tokens;  // end token included
  double logprob = 0;         // sum of lp under the law, nats
  bool ended = false;         // ends in an end token
};

}  // namespace ponder
