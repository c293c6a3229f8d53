// What requests and answers of all tasks share: which replies count, replies with their text, and
// what a run was.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ponder/density/law.h"
#include "ponder/model/gguf.h"
#include "ponder/model/model.h"
#include "ponder/search/search.h"

namespace ponder {

inline constexpr int kReplyTokens =
    512;  // most of an ordinary reply, unless the request says otherwise
inline constexpr int kSearchTokens = 40;  // the same, where the request is a proof or chains

/// Which replies count. 0 stands for what is not asked for.
struct LawRequest {
  Target target = Target::kEnded;
  int max_length = 0;            // most tokens, the end token counted
  int length = 0;                // exactly so many, with Target::kFixed
  int min_length = 0;            // fewest; end tokens before are masked and the law is renormalised
  std::vector<Token> allowed{};  // ids that the law is restricted to; empty: all
  /// The law of a prompt of n_prompt tokens; `usual`: most tokens where none were asked for, fewer
  /// where the context has no room for them. Errors: kInvalid (lengths that contradict the target
  /// or the context; those of ReplyLaw::make).
  Result<ReplyLaw> law(int usual, std::size_t n_prompt, const CausalDensity&) const;
};

/// A reply with its text.
struct SpelledReply : Reply {
  std::string text{};      // control tokens left out
  double repetition = 0;   // share of its 4-grams of tokens that occurred in it before
  bool canonical = false;  // the tokenizer spells the text with these very tokens
};

/// What an answer was made by and at what cost.
struct RunRecord {
  Target target = Target::kEnded;
  Cost cost{};
  double seconds = 0;
  std::uint64_t seed = 0;
  Precision precision = Precision::kF32;
  std::shared_ptr<const GgufFile> model{};
};

/// Which model, prompt and law a proof that is written down is about.
struct ProofSubject {
  std::string model_file{}, model_sha256{};
  std::string precision{};  // of the search: "f32", "bf16"
  std::vector<Token> prompt{}, end_tokens{};
  ReplyLawConfig law{};
};

/// What all answers hold.
struct Answer {
  std::vector<std::string> notes{};  // what a reader should know, as sentences
  RunRecord run{};
};

}  // namespace ponder
