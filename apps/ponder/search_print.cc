// Prints the answers of searches as sentences and columns.
#include "search_print.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "output.h"
#include "text_column.h"

namespace ponder::app {

std::string times(double nats) {
  constexpr double kLargest = 1e6;  // larger ratios are written as a power of ten
  const double t = std::exp(nats);
  if (!(t < kLargest)) return fmt::format("10^{:.1f}", nats / std::numbers::ln10);
  return t < 10 ? fmt::format("{:.1f}", t) : fmt::format("{:.0f}", t);
}

void print_replies(const std::vector<std::array<std::string, 3>>& rows) {
  constexpr int kGap = 3;
  int width = 0, figures = 0;
  for (const auto& r : rows) {
    width = std::max(width, width_of(r[1]));
    figures = std::max(figures, width_of(r[2]));
  }
  const bool one_line = kLabel + width + kGap + figures <= terminal_width(STDOUT_FILENO);
  for (const auto& r : rows) {
    if (one_line) {
      const int gap = width - width_of(r[1]) + kGap;
      write(fmt::format("{:<{}}{}{:{}}{}\n", r[0], kLabel, r[1], "", gap, r[2]));
    } else {
      write_column(r[0], r[1]);
      write_column("", r[2]);
    }
  }
}

std::string figures(const Reply& r) {
  return fmt::format("log p {:.2f}   {} tokens{}", r.logprob, r.tokens.size(),
                     r.ended ? "" : ", not ended");
}

namespace {

std::string which_replies(const Certificate& c) {
  const std::string least = c.shortest > 1 ? fmt::format("of at least {} tokens", c.shortest) : "";
  switch (c.claim) {
    case Certificate::Claim::kEndedWithinHorizon:
      return c.shortest > 1 ? fmt::format("of {} to {} tokens", c.shortest, c.horizon)
                            : fmt::format("of up to {} tokens", c.horizon);
    case Certificate::Claim::kTruncated:
      return (least.empty() ? "" : least + ", ") + fmt::format("cut at {} tokens", c.horizon);
    case Certificate::Claim::kFixed:
      return fmt::format("of exactly {} tokens", c.horizon);
    default:
      return least.empty() ? "of any length" : least;
  }
}

}  // namespace

std::string claim_sentence(const Certificate& c, const Proved& p) {
  const std::string which = which_replies(c);
  const bool several = p.wanted > 1;
  const char* more = p.by_worth ? "worth more" : "more probable";
  const char* by = p.by_worth ? ", by log p and the terms" : "";
  if (c.status == Certificate::Status::kOptimal) {
    if (!several) return fmt::format("no reply {} is {}{}", which, more, by);
    return p.known < static_cast<std::size_t>(p.wanted)
               ? fmt::format("there is no other reply {}", which)
               : fmt::format("no other reply {} is {} than any of these {}{}", which, more, p.known,
                             by);
  }
  if (c.status == Certificate::Status::kGap)
    return fmt::format("another reply {} could be at most {:.2f} nats better{}", which, c.gap,
                       several ? " than the last of these" : "") +
           (p.by_worth ? by : fmt::format(" ({} times as probable)", times(c.gap)));
  return fmt::format("no reply {} is known", which);
}

void print_proof(const Certificate& c, const Proved& p, double seconds) {
  write_column(
      c.status == Certificate::Status::kOptimal ? "proof" : "gap",
      fmt::format("{}; {} prefixes expanded, {:.1f} s", claim_sentence(c, p), c.expanded, seconds));
  if (c.tie > 0)
    write_column("tie", fmt::format("within {:.3f} nats: f32 may put another reply first", c.tie));
}

}  // namespace ponder::app
