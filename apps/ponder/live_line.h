// LiveLine: a line on stderr, if stderr is a terminal, that shows the progress of a search: the
// stage, the best so far, the budget left. It is erased when the search is over.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ponder/search/search.h"

namespace ponder::app {

class LiveLine {
 public:
  struct News {
    std::string stage;                            // a new stage is shown at once
    double seconds = 0;                           // since the start of the search
    std::int64_t tokens = 0;                      // tokens spent
    std::function<std::string()> head{}, text{};  // called only when the line is drawn
  };
  explicit LiveLine(const Budget&);
  ~LiveLine() { clear(); }
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;
  void show(const News&);
  void clear();

 private:
  Budget budget_;
  bool on_, shown_ = false;
  std::string stage_;
  double shown_at_ = -1;  // in seconds
};

}  // namespace ponder::app
