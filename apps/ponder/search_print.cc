// Sentences and columns of the searches' answers.
#include "search_print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "output.h"

namespace ponder::app {

std::string times(double nats) {
  const double t = std::exp(nats);
  if (!(t < 1e15)) return fmt::format("e^{:.0f}", nats);
  if (t < 10) return fmt::format("{:.1f}", t);
  if (t < 1e6) return fmt::format("{:.0f}", t);
  return t < 1e9 ? fmt::format("{:.1f} million", t / 1e6) : fmt::format("{:.1f} billion", t / 1e9);
}

namespace {

// Characters that show: no colours, and a character of several bytes once.
std::size_t width_of(const std::string& s) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '\x1b')
      i = std::min(s.find('m', i), s.size() - 1);
    else
      n += (static_cast<unsigned char>(s[i]) & 0xc0) != 0x80;
  }
  return n;
}

}  // namespace

void print_replies(const std::vector<std::array<std::string, 3>>& rows) {
  std::size_t width = 0;
  for (const auto& r : rows) width = std::max(width, width_of(r[1]));
  constexpr std::size_t kWidest = 84;
  for (const auto& r : rows) {
    if (width <= kWidest)
      write(r[0] + r[1] + std::string(width - width_of(r[1]) + 3, ' ') + r[2] + "\n");
    else
      write(r[0] + r[1] + "\n        " + r[2] + "\n");
  }
}

std::string figures(const Reply& r) {
  return fmt::format("log p {:.2f}   {} tokens{}", r.logprob, r.tokens.size(), r.ended ? "" : ", not ended");
}

std::string claim_sentence(const Certificate& c, const Proved& p) {
  std::string which = "of any length";
  if (c.claim == Certificate::Claim::kEndedWithinHorizon) which = fmt::format("of up to {} tokens", c.horizon);
  if (c.claim == Certificate::Claim::kTruncated) which = fmt::format("cut at {} tokens", c.horizon);
  if (c.claim == Certificate::Claim::kFixed) which = fmt::format("of exactly {} tokens", c.horizon);
  const bool several = p.wanted > 1;
  const char* more = p.by_worth ? "worth more" : "more probable";
  const char* by = p.by_worth ? ", by log p and the terms" : "";
  if (c.status == Certificate::Status::kOptimal) {
    if (!several) return fmt::format("no reply {} is {}{}", which, more, by);
    return p.known < static_cast<std::size_t>(p.wanted)
               ? fmt::format("there is no other reply {}", which)
               : fmt::format("no other reply {} is {} than any of these {}{}", which, more, p.known, by);
  }
  if (c.status == Certificate::Status::kGap)
    return fmt::format("another reply {} could be at most {:.2f} nats better{}", which, c.gap,
                       several ? " than the last of these" : "") +
           (p.by_worth ? by : fmt::format(" ({} times as probable)", times(c.gap)));
  return fmt::format("no reply {} is known", which);
}

std::string proof_line(const Certificate& c, const Proved& p, double seconds) {
  std::string line =
      fmt::format("{:8}{}; {} prefixes expanded, {:.1f} s", c.status == Certificate::Status::kOptimal ? "proof" : "gap",
                  claim_sentence(c, p), c.expanded, seconds);
  if (c.tie > 0) line += fmt::format("\ntie     within {:.3f} nats: f32 may put another reply first", c.tie);
  return line;
}

}  // namespace ponder::app
