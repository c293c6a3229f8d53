// Registers the options of terms.h.
#include "terms.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

namespace ponder::app {

void TermArgs::add(CLI::App& a, bool proof) {
  a.add_option("--term", terms,
               fmt::format("a preference besides the probability, as name:weight[:argument]: {}; "
                           "'hard' instead "
                           "of a weight demands it{}",
                           fmt::join(term_names(proof), ", "),
                           proof ? "; others have no bound that a proof could use" : ""));
  a.add_option("--length-prior", length_prior,
               "nats for each token, or MEAN,DEVIATION of a normal prior in tokens");
}

}  // namespace ponder::app
