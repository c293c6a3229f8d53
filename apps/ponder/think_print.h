// What `ponder think` shows people: the first reply as it is made, a live line while it searches,
// then the likelier reply, the shorter one that is likelier still, their difference word by word,
// notes, the proof. Probabilities of tokens show as colours where there are any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live_line.h"
#include "ponder/session/text_model.h"
#include "ponder/session/think.h"
#include "text_column.h"

namespace ponder::app {

/// May stdout be coloured? `asked`: by --color, which beats NO_COLOR and the want of a terminal.
bool colour_output(bool asked);

/// Text of a reply in a column, token by token, in the colours of their probabilities where wanted.
class ReplyColumn {
 public:
  ReplyColumn(std::shared_ptr<const TextModel> t, std::string_view label, bool colour)
      : stream_(std::move(t)), column_(label), colour_(colour) {}
  void add(TokenProb);
  void end();

 private:
  TextStream stream_;
  TextColumn column_;
  bool colour_;
  double least_ = 0;  // log-probability of the least likely token of a character, nats
};

class ThinkScreen {
 public:
  ThinkScreen(const std::shared_ptr<const TextModel>& t, const Budget& b, bool colour)
      : text_(t), colour_(colour), line_(b) {}
  void first_token(TokenProb);
  void first_done(const Reply&);
  void progress(const ThinkProgress&);
  /// All that follows the first reply. `stopped`: by a signal; `cost`: also what each method has
  /// cost.
  void answer(const ThinkAnswer&, bool stopped, bool cost);

 private:
  void likelier(const ThinkAnswer&);
  void also(const ThinkAnswer&);

  std::shared_ptr<const TextModel> text_;
  bool colour_;
  LiveLine line_;
  std::optional<ReplyColumn> first_{};
};

}  // namespace ponder::app
