// What `ponder think` shows people: the first reply as it is made, a live line while it searches, then the likelier
// reply, the shorter one that is likelier still, their difference word by word, notes, the proof. Probabilities of
// tokens show as colours where there are any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "live_line.h"
#include "ponder/think.h"
#include "session.h"
#include "text_column.h"
#include "text_stream.h"

namespace ponder::app {

/// May stdout be coloured? `asked`: by --color, which beats NO_COLOR and the want of a terminal.
bool colour_output(bool asked);

struct ThinkAnswer {
  const ThinkResult& result;
  std::vector<std::string> notes{};
  std::vector<double> best_logprobs{};  // of each token, nats; empty: no colours
  Cost cost{};
  double seconds = 0;
  bool stopped = false;  // by a signal
};

/// Text of a reply in a column, token by token, in the colours of their probabilities where wanted.
class ReplyColumn {
 public:
  ReplyColumn(const Text& t, std::string_view label, bool colour) : stream_(t), column_(label), colour_(colour) {}
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
  /// The text must outlive it.
  ThinkScreen(const Text& t, const Budget& b, bool colour) : text_(t), colour_(colour), line_(t, b, true) {}
  void first_token(TokenProb);
  void first_done(const Reply&);
  void progress(const ThinkProgress&);
  /// All that follows the first reply; with `cost`, what each method has cost, too.
  void answer(const ThinkAnswer&, bool cost);

 private:
  void likelier(const ThinkAnswer&);
  void also(const ThinkResult&);

  const Text& text_;
  bool colour_;
  LiveLine line_;
  std::optional<ReplyColumn> first_{};
};

}  // namespace ponder::app
