// A line on stderr, where that is a terminal, that tells how far a search has come: what is at
// work, the best so far, the budget left. It is gone when the search is over.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ponder/search/search.h"

namespace ponder::app {

class LiveLine {
 public:
  struct News {
    std::string stage;                            // a new one is shown at once
    double seconds = 0;                           // since the start
    std::int64_t tokens = 0;                      // spent
    std::function<std::string()> head{}, text{};  // asked for only where the line is drawn anew
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
  double shown_at_ = -1;  // seconds
};

}  // namespace ponder::app
