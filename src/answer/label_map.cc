// The earliest piece at which a label is named; there, the label of the most words.
#include "answer/label_map.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <utility>

#include "answer/pieces.h"
#include "text/words.h"

namespace ponder {
namespace {

// What is around a letter that stands for an option: brackets, marks of emphasis, punctuation.
constexpr std::string_view kAround = "()[]{}<>*_`'\".,:;!?$";

// A letter that is also a word of English, and therefore needs a look at what comes next.
bool is_word(std::string_view letter) { return letter == "A" || letter == "I"; }

bool is_lower(std::string_view piece) {
  return !piece.empty() && std::islower(static_cast<unsigned char>(piece[0])) != 0;
}

class LabelMap final : public PrefixMap {
 public:
  LabelMap(std::string name, std::vector<Label> labels)
      : name_(std::move(name)), labels_(std::move(labels)) {}

  std::optional<std::string> answer(std::string_view reply) const override {
    return find(pieces_of(reply, true), true).answer;
  }
  Reading read(std::string_view beginning) const override {
    return find(pieces_of(beginning, false), false);
  }
  std::string name() const override { return name_; }
  std::string shown(const std::string& answer) const override {
    for (const Label& l : labels_)
      if (l.answer == answer && !l.shown.empty()) return l.shown;
    return answer;
  }

 private:
  enum class Match { kNo, kYes, kOpen };  // kOpen: more text may make it one

  Reading find(const std::vector<Piece>& pieces, bool whole) const {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const Label* best = nullptr;
      bool open = false;
      for (const Label& l : labels_) {
        const Match letter = names_letter(pieces, i, whole, l);
        const Match text = names_text(pieces, i, whole, l);
        open |= letter == Match::kOpen || text == Match::kOpen;
        if (letter != Match::kYes && text != Match::kYes) continue;
        if (!best || (text == Match::kYes && l.words.size() > best->words.size())) best = &l;
      }
      if (open) return {};
      if (best) return {true, best->answer};
    }
    return {};
  }

  static Match names_letter(const std::vector<Piece>& pieces, std::size_t i, bool whole,
                            const Label& l) {
    if (l.letter.empty()) return Match::kNo;
    const std::string_view p = pieces[i].text;
    const std::size_t at = p.find_first_not_of(kAround);
    if (at == std::string_view::npos || p.compare(at, l.letter.size(), l.letter) != 0)
      return Match::kNo;
    const std::string_view after = p.substr(at + l.letter.size());
    if (!after.empty()) {  // "B)", "**B**", "B)Asia"
      const bool bare = after.find_first_not_of(kAround) == std::string_view::npos;
      return bare || after[0] == ')' || after[0] == ':' ? Match::kYes : Match::kNo;
    }
    if (!is_word(l.letter) || at > 0) return Match::kYes;
    if (i + 1 < pieces.size())  // "A city" is no option
      return is_lower(pieces[i + 1].text) ? Match::kNo : Match::kYes;
    return whole ? Match::kYes : Match::kOpen;
  }

  // Do the words of a label begin with the first word of a piece?
  static Match names_text(const std::vector<Piece>& pieces, std::size_t i, bool whole,
                          const Label& l) {
    if (l.words.empty()) return Match::kNo;
    std::size_t k = 0;
    for (; i < pieces.size(); ++i)
      for (const std::string& w : pieces[i].words) {
        if (w != l.words[k] && w != l.words[k] + "'s") return Match::kNo;
        if (++k == l.words.size()) return Match::kYes;
      }
    return whole ? Match::kNo : Match::kOpen;
  }

  std::string name_;
  std::vector<Label> labels_;
};

Error bad_options(const std::string& expected, const std::string& got) {
  return {Code::kInvalid, expected, got, "options", ""};
}

}  // namespace

std::shared_ptr<const PrefixMap> make_label_map(std::string name, std::vector<Label> labels) {
  return std::make_shared<LabelMap>(std::move(name), std::move(labels));
}

Result<std::shared_ptr<const PrefixMap>> make_choice_map(const std::vector<AnswerOption>& options) {
  if (options.size() < 2)
    return bad_options("at least two options", std::to_string(options.size()));
  std::vector<Label> labels;
  std::set<std::string> letters;
  std::set<std::vector<std::string>> texts;
  std::string name = "choice:";
  for (const AnswerOption& o : options) {
    Label l{o.letter.empty() ? o.text : o.letter, o.text, o.letter, word_texts(o.text)};
    if (o.letter.empty() && l.words.empty())
      return bad_options("options with a letter or words", "\"" + o.text + "\"");
    if (!o.letter.empty() && !letters.insert(o.letter).second)
      return bad_options("options of different letters", "\"" + o.letter + "\" twice");
    if (!l.words.empty() && !texts.insert(l.words).second)
      return bad_options("options of different texts", "\"" + o.text + "\" twice");
    name += labels.empty() ? "" : "|";
    name += o.letter + (o.letter.empty() || o.text.empty() ? "" : "=") + o.text;
    labels.push_back(std::move(l));
  }
  return make_label_map(std::move(name), std::move(labels));
}

}  // namespace ponder
