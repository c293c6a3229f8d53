// A line on stderr, where that is a terminal, that tells how far a search has come: the method at
// work, the best reply so far, the budget left. It is gone when the search is over.
#pragma once

#include <memory>
#include <string>

#include "ponder/search/think.h"
#include "ponder/session/text_model.h"

namespace ponder::app {

class LiveLine {
 public:
  LiveLine(std::shared_ptr<const TextModel>, const Budget&);
  ~LiveLine() { clear(); }
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;
  void show(const ThinkProgress&);
  void clear();

 private:
  std::shared_ptr<const TextModel> text_;
  Budget budget_;
  bool on_, shown_ = false;
  std::string method_;
  double shown_at_ = -1;  // seconds
};

}  // namespace ponder::app
