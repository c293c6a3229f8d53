// What the searches tell people: replies in lines with their figures, and a certificate in one
// sentence.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "ponder/search/search.h"

namespace ponder::app {

/// How many times as probable so many nats more make a reply, on the one scale of all commands:
/// "1.3", "364", and from a million on "10^9.7".
std::string times(double nats);

/// Prints lines of label, reply and figures; figures stand in one column where lines fit the
/// terminal.
void print_replies(const std::vector<std::array<std::string, 3>>& rows);
/// "log p -1.23   5 tokens", and whether it has ended.
std::string figures(const Reply&);

/// The replies that a certificate is about: how many are known, and how many were to be proved the
/// most likely ones.
struct Proved {
  std::size_t known = 1;
  int wanted = 1;
  bool by_worth = false;  // ranked by log p together with a prior or terms
};
/// What is proved, in one sentence.
std::string claim_sentence(const Certificate&, const Proved&);
/// Prints that and what it took; and the tie where there is one.
void print_proof(const Certificate&, const Proved&, double seconds);

}  // namespace ponder::app
