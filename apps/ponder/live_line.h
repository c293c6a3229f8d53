// A line on stderr, where that is a terminal, that tells how far a search has come: the method at work, the best reply
// so far, the budget left. It is gone when the search is over.
#pragma once

#include <string>

#include "ponder/think.h"
#include "session.h"

namespace ponder::app {

class LiveLine {
 public:
  LiveLine(const Text& t, const Budget& b, bool wanted);
  ~LiveLine() { clear(); }
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;
  void show(const ThinkProgress&);
  void clear();

 private:
  const Text& text_;
  Budget budget_;
  bool on_, shown_ = false;
  std::string method_;
  double shown_at_ = -1;  // seconds
};

}  // namespace ponder::app
