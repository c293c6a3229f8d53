// The worth of replies to a search besides their probability, as bounds over all replies that begin
// alike. worth (ponder/search/search.h) is that of whole replies.
#pragma once

#include <span>

#include "ponder/search/search.h"

namespace ponder {

/// Upper bound of the terms of a reply of at most n_most tokens that begins with `begin`, nats; the
/// value of `begin` itself where it has that many tokens. +inf where a term has no bound, -inf
/// where a term forbids all such replies.
double most_of_terms(std::span<const WeightedTerm>, std::span<const Token> begin, int n_most);

}  // namespace ponder
