// Unigram: the tokens of a text that have the greatest sum of scores, log-probabilities of a
// unigram language model (Kudo 2018, "Subword regularization"). Not its normal form
// (spm_normalizer.h). Ids are those of SentencePiece's unigram::Model::EncodeOptimized.
#pragma once

#include <string_view>
#include <vector>

#include "text/vocab.h"

namespace ponder {

class Unigram {
 public:
  /// The vocabulary must have scores and outlive this object.
  explicit Unigram(const Vocab&);
  /// Appends the tokens of a normal text, in time n L log V: n bytes, the longest token L bytes, V
  /// tokens. A character that no token spells alone becomes its byte tokens where the vocabulary
  /// has all of them, else the unknown token, one for several in a row.
  void encode(std::string_view text, std::vector<Token>& out) const;

 private:
  struct Piece {
    std::string_view text;
    Token id;
    float score;
  };
  // The best tokens of the text up to one place: where the last one begins, and its id, -1 for a
  // character that is unknown.
  struct Step {
    float score = 0;
    std::size_t from = kNowhere;
    Token id = -1;
  };
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  void steps_from(std::string_view text, std::size_t at, std::size_t character,
                  std::vector<Step>& best) const;
  bool append_bytes(std::string_view character, std::vector<Token>& out) const;

  const Vocab& v_;
  std::vector<Piece> pieces_;  // in the order of their texts, each once
  float unknown_score_ = 0;
  float greatest_ = 0;  // score of a normal token, at least 0
};

}  // namespace ponder
