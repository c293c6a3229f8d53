// Viterbi's algorithm over places in the text (Viterbi 1967). The tokens that begin at a place are
// found by narrowing the sorted vocabulary byte by byte.
#include "text/unigram.h"

#include <algorithm>
#include <span>

#include "text/utf8.h"

namespace ponder {
namespace {

constexpr float kUnknownPenalty = 10;  // nats below the least score, as in SentencePiece

}  // namespace

Unigram::Unigram(const Vocab& v) : v_(v) {
  float least = 0;
  for (Token i = 0; i < v.n_listed; ++i) {
    const TokenKind kind = v.kinds[i];
    const float score = v.scores[i];
    if (kind == TokenKind::kNormal) {
      least = std::min(least, score);
      greatest_ = std::max(greatest_, score);
    }
    if (!v.texts[i].empty() && (kind == TokenKind::kNormal || kind == TokenKind::kUserDefined))
      pieces_.push_back({v.texts[i], i, score});
  }
  unknown_score_ = least - kUnknownPenalty;
  const auto before = [](const Piece& a, const Piece& b) { return a.text < b.text; };
  const auto same = [](const Piece& a, const Piece& b) { return a.text == b.text; };
  std::stable_sort(pieces_.begin(), pieces_.end(), before);
  pieces_.erase(std::unique(pieces_.begin(), pieces_.end(), same), pieces_.end());
}

// Takes the tokens that begin at a place, which has been reached, as the last step to the places
// where they end. Sums are of float32, and of equal ones the first stays, the one with the longest
// last token, as in SentencePiece: rounding decides between sums of the same scores.
void Unigram::steps_from(std::string_view text, std::size_t at, std::size_t character,
                         std::vector<Step>& best) const {
  const float so_far = best[at].score;
  const auto reach = [&](std::size_t end, Token id, float score) {
    Step& s = best[end];
    if (s.from == kNowhere || score > s.score) s = {score, at, id};
  };
  bool known = false;  // one token spells the character
  std::span<const Piece> rest = pieces_;
  for (std::size_t k = 0; at + k < text.size() && !rest.empty(); ++k) {
    const auto from = [&](int bound) {  // the pieces whose byte k is at least this one
      return std::partition_point(rest.begin(), rest.end(), [&](const Piece& p) {
        return p.text.size() <= k || static_cast<unsigned char>(p.text[k]) < bound;
      });
    };
    const int byte = static_cast<unsigned char>(text[at + k]);
    rest = {from(byte), from(byte + 1)};
    if (rest.empty() || rest.front().text.size() > k + 1) continue;
    const Piece& p = rest.front();
    const auto size = static_cast<float>(k + 1);
    // what a user has defined is nearly always taken
    const bool user_defined = v_.kinds[p.id] == TokenKind::kUserDefined;
    const float score = user_defined ? size * greatest_ - 0.1f : p.score;
    reach(at + k + 1, p.id, score + so_far);
    known |= k + 1 == character;
  }
  if (!known) reach(at + character, -1, unknown_score_ + so_far);
}

bool Unigram::append_bytes(std::string_view character, std::vector<Token>& out) const {
  const auto token = [&](char c) { return v_.byte_token[static_cast<unsigned char>(c)]; };
  const auto spelt = [&](char c) { return token(c) >= 0; };
  if (!std::all_of(character.begin(), character.end(), spelt)) return false;
  for (char c : character) out.push_back(token(c));
  return true;
}

void Unigram::encode(std::string_view text, std::vector<Token>& out) const {
  thread_local std::vector<Step> best;
  best.assign(text.size() + 1, {});
  for (std::size_t at = 0; at < text.size();) {
    const auto character = static_cast<std::size_t>(std::max(utf8_length(text, at), 1));
    steps_from(text, at, character, best);
    at += character;
  }
  thread_local std::vector<std::size_t> ends;
  ends.clear();
  for (std::size_t end = text.size(); end > 0; end = best[end].from) ends.push_back(end);
  std::reverse(ends.begin(), ends.end());
  bool after_unknown = false;
  for (const std::size_t end : ends) {
    const Step& s = best[end];
    const bool unknown = s.id < 0 && !append_bytes(text.substr(s.from, end - s.from), out);
    if (s.id >= 0)
      out.push_back(s.id);
    else if (unknown && !after_unknown && v_.unknown)
      out.push_back(*v_.unknown);
    after_unknown = unknown;
  }
}

}  // namespace ponder
