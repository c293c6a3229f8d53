// Answers of words are compared in NFKC form, without case and punctuation (text/words.h).
#include "answer/words_map.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "answer/pieces.h"
#include "text/words.h"

namespace ponder {
namespace {

class WordMap final : public PrefixMap {
 public:
  std::optional<std::string> answer(std::string_view reply) const override {
    return find(pieces_of(reply, true)).answer;
  }
  Reading read(std::string_view beginning) const override {
    return find(pieces_of(beginning, false));
  }
  std::string name() const override { return "word"; }

 private:
  static Reading find(const std::vector<Piece>& pieces) {
    for (const Piece& p : pieces)
      if (!p.words.empty()) return {true, p.words[0]};
    return {};
  }
};

class LineMap final : public PrefixMap {
 public:
  std::optional<std::string> answer(std::string_view reply) const override {
    const auto pieces = pieces_of(reply, true);
    std::string line = joined_words(pieces, 0, line_end(pieces));
    if (!line.empty()) return line;
    const std::string_view rest = trimmed(reply);  // signs only
    if (rest.empty()) return std::nullopt;
    return std::string(trimmed(rest.substr(0, rest.find('\n'))));
  }
  Reading read(std::string_view beginning) const override {
    const auto pieces = pieces_of(beginning, false);
    const std::size_t end = line_end(pieces);
    if (end == 0 || !pieces[end - 1].ends_line) return {};
    std::string line = joined_words(pieces, 0, end);
    if (line.empty()) return {};
    return {true, std::move(line)};
  }
  std::string name() const override { return "line"; }

 private:
  // The piece after the first line that has a word; without one, that after the last piece.
  static std::size_t line_end(const std::vector<Piece>& pieces) {
    bool words = false;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      words |= !pieces[i].words.empty();
      if (words && pieces[i].ends_line) return i + 1;
    }
    return pieces.size();
  }
};

// Words that hold a sentence together, and those that introduce an answer.
bool is_function_word(const std::string& w) {
  static const std::set<std::string_view> kWords{
      "a",         "an",     "the",    "is",       "are",   "was",     "were",      "be",
      "been",      "being",  "of",     "in",       "on",    "at",      "to",        "for",
      "from",      "by",     "with",   "as",       "and",   "or",      "but",       "it",
      "its",       "this",   "that",   "these",    "those", "there",   "which",     "who",
      "what",      "where",  "so",     "has",      "have",  "had",     "do",        "does",
      "did",       "i",      "you",    "we",       "they",  "he",      "she",       "his",
      "her",       "their",  "my",     "your",     "our",   "located", "found",     "known",
      "named",     "called", "answer", "situated", "given", "correct", "following", "based",
      "therefore", "equals", "equal",  "thus"};
  return kWords.count(w) > 0;
}

class PhraseMap final : public PrefixMap {
 public:
  explicit PhraseMap(std::string_view question) : question_(question) {
    for (const Word& w : words_of(question)) asked_.insert(stem(w.text));
  }

  std::optional<std::string> answer(std::string_view reply) const override {
    const auto pieces = pieces_of(reply, true);
    for (std::size_t begin = 0; begin < pieces.size();) {
      const std::size_t end = sentence_end(pieces, begin);
      if (std::string s = said(pieces, begin, end); !s.empty()) return s;
      begin = end;
    }
    return std::nullopt;
  }
  Reading read(std::string_view beginning) const override {
    const auto pieces = pieces_of(beginning, false);
    for (std::size_t begin = 0; begin < pieces.size();) {
      const std::size_t end = sentence_end(pieces, begin);
      if (!ends_sentence(pieces[end - 1])) return {};
      if (std::string s = said(pieces, begin, end); !s.empty()) return {true, std::move(s)};
      begin = end;
    }
    return {};
  }
  std::string name() const override { return "phrase:" + question_; }

 private:
  static std::string stem(const std::string& w) {
    return w.size() > 2 && w.ends_with("'s") ? w.substr(0, w.size() - 2) : w;
  }
  bool is_new(const std::string& w) const {
    return asked_.count(stem(w)) == 0 && !is_function_word(w);
  }

  // A line end or a full stop ends a sentence; that of a title or an initial ("St.", "D.") does
  // not.
  static bool ends_sentence(const Piece& p) {
    if (p.ends_line && !p.words.empty() && !p.text.ends_with(':')) return true;
    std::string_view t = p.text;
    while (!t.empty() && std::string_view("\"')*_]").find(t.back()) != std::string_view::npos)
      t.remove_suffix(1);
    if (t.ends_with("!") || t.ends_with("?") || t.ends_with("\u3002")) return true;
    if (!t.ends_with(".") || p.words.empty()) return false;
    static constexpr std::array<std::string_view, 7> kShort{"st", "dr", "mr", "mrs",
                                                            "ms", "mt", "ft"};
    const std::string& last = p.words.back();
    const bool initial =
        p.words.size() == 1 && last.size() == 1 && last[0] >= 'a' && last[0] <= 'z';
    return !initial && std::find(kShort.begin(), kShort.end(), last) == kShort.end();
  }
  static std::size_t sentence_end(const std::vector<Piece>& pieces, std::size_t begin) {
    for (std::size_t i = begin; i < pieces.size(); ++i)
      if (ends_sentence(pieces[i])) return i + 1;
    return pieces.size();
  }

  // The first run of new words; else all words of the sentence.
  std::string said(const std::vector<Piece>& pieces, std::size_t begin, std::size_t end) const {
    std::string run;
    for (std::size_t i = begin; i < end; ++i)
      for (const std::string& w : pieces[i].words) {
        if (is_new(w))
          run += (run.empty() ? "" : " ") + w;
        else if (!run.empty())
          return run;
      }
    return run.empty() ? joined_words(pieces, begin, end) : run;
  }

  std::string question_;
  std::set<std::string> asked_;
};

}  // namespace

std::shared_ptr<const PrefixMap> make_word_map() { return std::make_shared<WordMap>(); }
std::shared_ptr<const PrefixMap> make_line_map() { return std::make_shared<LineMap>(); }
std::shared_ptr<const PrefixMap> make_phrase_map(std::string_view question) {
  return std::make_shared<PhraseMap>(question);
}

}  // namespace ponder
