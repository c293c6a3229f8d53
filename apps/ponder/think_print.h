// What `ponder think` tells people: both replies with the probability of each token in colours, their difference word
// by word, warnings, the cost, the proof; and a live line while it works.
#pragma once

#include <string>
#include <vector>

#include "ponder/think.h"
#include "session.h"

namespace ponder::app {

/// May stdout be coloured? `asked`: by --color, which beats NO_COLOR and the want of a terminal.
bool colour_output(bool asked);

struct ThinkAnswer {
  const ThinkResult& result;
  std::vector<double> first_logprobs{}, best_logprobs{};  // of each token, nats
  std::string question{};                                 // text; may be empty
  Cost cost;
  double seconds = 0;
  bool stopped = false;  // by a signal
};
void print_think(const ThinkAnswer&, const Engine&, bool colour);

/// A line on stderr, where that is a terminal: the method at work, the best so far, the budget left.
class ThinkLine {
 public:
  ThinkLine(const Budget&, bool wanted);
  ~ThinkLine();
  void show(const ThinkProgress&);

 private:
  Budget budget_;
  bool on_;
  std::string method_;
  double shown_ = -1;  // seconds
};

}  // namespace ponder::app
