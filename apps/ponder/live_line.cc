// LiveLine: draws the same line again and again. The line is never wider than the terminal, since a
// wrapped line could not be overwritten.
#include "live_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "text_column.h"

namespace ponder::app {

LiveLine::LiveLine(const Budget& b) : budget_(b), on_(isatty(STDERR_FILENO) != 0) {}

void LiveLine::clear() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

void LiveLine::show(const News& n) {
  constexpr double kEvery = 0.1;
  if (!on_ || (n.stage == stage_ && n.seconds < shown_at_ + kEvery)) return;
  shown_at_ = n.seconds;
  stage_ = n.stage;
  std::string left;
  if (std::isfinite(budget_.seconds))
    left = fmt::format("  {:.0f} s left", std::max(0., budget_.seconds - n.seconds));
  if (budget_.tokens != std::numeric_limits<std::int64_t>::max())
    left += fmt::format("  {} tokens left", std::max<std::int64_t>(0, budget_.tokens - n.tokens));
  constexpr int kGap = 2;
  const int columns = terminal_width(STDERR_FILENO) - 1 - width_of(left);
  std::string line = shortened_to(n.stage + ": " + n.head(), columns);
  const int columns_left = columns - width_of(line) - kGap;
  if (const std::string text = n.text(); !text.empty() && columns_left > 0)
    line += "  " + shortened_to(text, columns_left);
  std::cerr << "\r\x1b[K" << line << left << std::flush;
  shown_ = true;
}

}  // namespace ponder::app
