// What replies are worth to a search besides their probability: bounds over all that begin alike.
// Of whole replies: worth (ponder/search/search.h).
#pragma once

#include <span>

#include "ponder/search/search.h"

namespace ponder {

/// The most that the terms can add to a reply of at most n_most tokens that goes on after `begin`,
/// nats; of `begin` itself where it has that many. +inf where a term has no bound, -inf where one
/// forbids them all.
double most_of_terms(std::span<const WeightedTerm>, std::span<const Token> begin, int n_most);

}  // namespace ponder
