// Prints the answers of searches for people: replies with their figures, and a certificate as one
// sentence.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "ponder/search/search.h"

namespace ponder::app {

/// The ratio of probabilities that a difference in nats means, as text: "1.3", "364", and from a
/// million on "10^9.7". All commands use this form.
std::string times(double nats);

/// Prints lines of label, reply and figures. If all lines fit the terminal, figures are in one
/// column.
void print_replies(const std::vector<std::array<std::string, 3>>& rows);
/// For example "log p -1.23   5 tokens", and a note if the reply has not ended.
std::string figures(const Reply&);

/// The replies that a certificate is about: how many are known, and for how many the search wanted
/// a proof.
struct Proved {
  std::size_t known = 1;
  int wanted = 1;
  bool by_worth = false;  // ranked by log p together with a prior or terms
};
/// The claim of a certificate as one sentence.
std::string claim_sentence(const Certificate&, const Proved&);
/// Prints the claim and its cost, and the tie if there is one.
void print_proof(const Certificate&, const Proved&, double seconds);

}  // namespace ponder::app
