// One line, drawn over and over; no wider than the terminal, or it could not be drawn over.
#include "live_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "text_column.h"

namespace ponder::app {

LiveLine::LiveLine(std::shared_ptr<const TextModel> t, const Budget& b)
    : text_(std::move(t)), budget_(b), on_(isatty(STDERR_FILENO) != 0) {}

void LiveLine::clear() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

void LiveLine::show(const ThinkProgress& p) {
  constexpr double kEvery = 0.1;
  if (!on_ || (p.method == method_ && p.seconds < shown_at_ + kEvery)) return;
  shown_at_ = p.seconds;
  method_ = p.method;
  const std::string head =
      fmt::format("{}: {}", p.method, p.best ? fmt::format("log p {:.2f}", p.best->logprob) : "…");
  std::string left;
  if (std::isfinite(budget_.seconds))
    left = fmt::format("  {:.0f} s left", std::max(0., budget_.seconds - p.seconds));
  if (budget_.tokens != std::numeric_limits<std::int64_t>::max())
    left += fmt::format("  {} tokens left", std::max<std::int64_t>(0, budget_.tokens - p.tokens));
  constexpr int kGap = 2;
  const int room = terminal_width(STDERR_FILENO) - 1 - width_of(head) - width_of(left) - kGap;
  std::string line = head;
  if (p.best && room > 0) line += "  " + shortened_to(text_->reply_text(p.best->tokens), room);
  std::cerr << "\r\x1b[K" << line << left << std::flush;
  shown_ = true;
}

}  // namespace ponder::app
