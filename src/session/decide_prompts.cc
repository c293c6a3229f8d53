// The wording of questions. A text comes first and its question after it, so that many questions
// share the keys and values of a long text.
#include "session/decide_prompts.h"

#include <algorithm>
#include <set>

#include "text/nfc.h"
#include "text/words.h"

namespace ponder {
namespace {

constexpr std::size_t kLetters = 26;

std::string trimmed(const std::string& s) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t begin = s.find_first_not_of(kSpaces);
  if (begin == std::string::npos) return "";
  return s.substr(begin, s.find_last_not_of(kSpaces) + 1 - begin);
}

std::string letter(std::size_t k) { return {static_cast<char>('A' + k)}; }

Status check_labels(const std::vector<DecideLabel>& labels, bool orders, const std::string& where) {
  const std::string n = std::to_string(labels.size());
  if (labels.size() < 2) return invalid("at least two labels", n, where);
  if (orders && labels.size() > kLetters)
    return invalid("at most 26 labels, as there are letters", n, where, "ask without orders");
  std::set<std::string> seen;
  for (const DecideLabel& l : labels) {
    if (l.text.empty()) return invalid("labels with a text", "an empty one", where);
    if (!seen.insert(l.text).second)
      return invalid("labels that differ", "\"" + l.text + "\" twice", where,
                     "leave one of them out");
  }
  return {};
}

Status set_values(std::vector<DecideLabel>& levels, const std::string& where) {
  const auto given = std::count_if(levels.begin(), levels.end(),
                                   [](const DecideLabel& l) { return l.value.has_value(); });
  if (given != 0 && given != static_cast<std::ptrdiff_t>(levels.size()))
    return invalid("a value for every level, or for none", "for some", where);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (given == 0) levels[i].value = static_cast<double>(i);
    if (i > 0 && !(*levels[i - 1].value < *levels[i].value))
      return invalid("values that rise from level to level", "others", where);
  }
  return {};
}

// The question in words, the input not among them.
std::string words_of_question(const DecideQuestion& q, bool listed, bool lettered) {
  std::string s = q.instructions;
  if (q.kind == DecideKind::kPredicate && s.find('?') == std::string::npos) s += "\nIs that true?";
  if (!listed) return s;
  const bool described = std::any_of(q.labels.begin(), q.labels.end(),
                                     [](const DecideLabel& l) { return !l.description.empty(); });
  if (q.kind == DecideKind::kPredicate && !lettered && !described) return s + "\nAnswer Yes or No.";
  s += "\nOptions:";
  for (std::size_t i = 0; i < q.labels.size(); ++i) {
    s += "\n" + (lettered ? letter(i) + ") " : "- ") + q.labels[i].text;
    if (!q.labels[i].description.empty()) s += ": " + q.labels[i].description;
  }
  return s + (lettered ? "\nAnswer with the letter of one option."
                       : "\nAnswer with one of these options.");
}

// The input with another text in the place of what it says: instructions of the system stay.
Conversation about_text(const Conversation& input, const std::string& text) {
  Conversation c{.messages = {}, .variables = input.variables};
  for (const ChatMessage& m : input.messages)
    if (m.role == "system" || m.role == "developer") c.messages.push_back(m);
  c.messages.push_back({"user", text});
  return c;
}

std::string joined(const Conversation& c) {
  std::string s;
  for (const ChatMessage& m : c.messages) s += (s.empty() ? "" : "\n\n") + m.content;
  return s;
}

bool ends_in_space(const Prompt& p) {
  const std::string& text = p.rendered.empty() ? p.question : p.rendered;
  return text.empty() || std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos;
}

// Does the tokenizer know all of the text? What it cannot spell it drops.
bool spells(const TextModel& t, std::span<const Token> tokens, std::string_view text) {
  const std::string back = to_nfc(t.reply_text(tokens)), wanted = to_nfc(text);
  const auto without_space = [](std::string_view s) {
    return s.substr(s.starts_with(' ') ? 1 : 0);
  };
  return without_space(back) == without_space(wanted);
}

void add(const TextModel& t, const Prompt& p, const std::string& text, SpelledLabel& label) {
  const auto spell = [&](const std::string& s) {
    LabelSpelling spelling{.tokens = t.tokenizer().encode(s, {.parse_special = false})};
    if (!spelling.tokens.empty() && spells(t, spelling.tokens, s))
      label.spellings.push_back(std::move(spelling));
  };
  spell(text);
  if (!ends_in_space(p)) spell(" " + text);
}

}  // namespace

std::string_view to_string(DecideKind k) {
  switch (k) {
    case DecideKind::kPredicate:
      return "predicate";
    case DecideKind::kChoice:
      return "choice";
    default:
      return "score";
  }
}

Result<DecideQuestion> completed(const DecideQuestion& asked, bool orders,
                                 const std::string& where) {
  DecideQuestion q = asked;
  if (q.kind == DecideKind::kPredicate) {
    if (!q.labels.empty() && q.labels.size() != 2)
      return invalid("no labels of a predicate, or two", std::to_string(q.labels.size()), where,
                     "ask a choice");
    q.labels.resize(2);
    q.labels[0].text = "Yes";
    q.labels[1].text = "No";
  }
  if (trimmed(q.instructions).empty()) return invalid("instructions", "none", where);
  for (DecideLabel& l : q.labels) l.text = trimmed(l.text);
  PONDER_TRY(check_labels(q.labels, orders, where));
  if (q.kind == DecideKind::kScore) PONDER_TRY(set_values(q.labels, where));
  return q;
}

std::vector<DecideLabel> shifted(const std::vector<DecideLabel>& labels, std::size_t shift) {
  std::vector<DecideLabel> s = labels;
  std::rotate(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(shift), s.end());
  return s;
}

Result<Prompt> question_prompt(const TextModel& text, const DecideRequest& r,
                               const DecideQuestion& q, const std::string* about) {
  Conversation c = about ? about_text(r.input, *about) : r.input;
  const std::string question = words_of_question(q, r.listed, r.orders);
  if (r.raw) return text.prompt(RawText{.text = joined(c) + "\n\n" + question + "\nAnswer:"});
  // The last words of the user are the question, and a thinking model is not to think before them.
  if (c.variables == "{}") c.variables = R"({"enable_thinking":false})";
  const bool last =
      !c.messages.empty() && c.messages.back().role == "user" && c.messages.back().json.empty();
  if (last)
    c.messages.back().content += "\n\n" + question;
  else
    c.messages.push_back({"user", question});
  return text.prompt(c);
}

std::vector<SpelledLabel> spelled_labels(const TextModel& text, const Prompt& p,
                                         const std::vector<DecideLabel>& labels) {
  std::set<std::string> own;  // what labels are called and how they may be written besides
  for (const DecideLabel& l : labels) {
    own.insert(l.text);
    own.insert(l.spellings.begin(), l.spellings.end());
  }
  std::vector<SpelledLabel> all;
  for (const DecideLabel& l : labels) {
    SpelledLabel s{.name = l.text};
    std::vector<std::string> texts{l.text};
    texts.insert(texts.end(), l.spellings.begin(), l.spellings.end());
    for (const std::string& t : texts) {
      add(text, p, t, s);
      const std::string other = with_other_case(t);
      if (!own.contains(other)) add(text, p, other, s);
    }
    all.push_back(std::move(s));
  }
  return all;
}

std::vector<SpelledLabel> spelled_letters(const TextModel& text, const Prompt& p, std::size_t n) {
  std::vector<SpelledLabel> all;
  for (std::size_t k = 0; k < n; ++k) {
    all.push_back({.name = letter(k)});
    add(text, p, letter(k), all.back());
  }
  return all;
}

}  // namespace ponder
