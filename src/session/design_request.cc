// What a DesignRequest contradicts itself in.
#include "session/design_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace ponder {

Status check_design(const DesignRequest& r) {
  const auto bad = [](const std::string& expected, double got) {
    return Error{Code::kInvalid, expected, fmt::format("{:g}", got), "a request for designs", ""};
  };
  const auto is_dna = [](const dna::Sequence& x) {
    return std::all_of(x.begin(), x.end(), [](Token v) { return v >= 0 && v < dna::kLetters; });
  };
  if (r.n < 1) return bad("1 design or more", r.n);
  if (r.chains < 1) return bad("1 chain or more", r.chains);
  if (r.warmup < 0) return bad("0 steps of warm-up or more", r.warmup);
  if (r.thin < 1) return bad("1 step a draw or more", r.thin);
  if (!(r.tau > 0)) return bad("a temperature above 0", r.tau);
  if (r.fitness.terms.empty() && r.fitness.given.empty())
    return Error{Code::kInvalid, "a list of terms", "none", r.fitness.where, ""};
  if (!r.held_out.empty() && r.judge)
    return Error{Code::kInvalid, "one oracle that judges", "a file and another",
                 "a request for designs", ""};
  if (is_dna(r.start) && std::all_of(r.given.begin(), r.given.end(),
                                     [&](const auto& x) { return is_dna(x.sequence); }))
    return {};
  return Error{Code::kInvalid, "the tokens 0 to 3 in sequences", "others", "a request for designs",
               ""};
}

Result<int> design_length(const DesignRequest& r) {
  const auto n = [](const dna::Sequence& x) { return std::to_string(x.size()); };
  const dna::Sequence& first = !r.start.empty() || r.given.empty() ? r.start : r.given[0].sequence;
  const int length = first.empty() ? r.length : static_cast<int>(first.size());
  if (length <= 0)
    return Error{Code::kInvalid, "the length of the sequences, by --length or --start", "none",
                 "command line", ""};
  if (r.length != 0 && r.length != length)
    return Error{Code::kInvalid, "--length " + n(first) + ", as the sequences have, or none",
                 std::to_string(r.length), "command line", ""};
  for (const NamedDna& d : r.given)
    if (static_cast<int>(d.sequence.size()) != length)
      return Error{Code::kInvalid, "sequences of " + std::to_string(length) + " letters",
                   n(d.sequence) + " in the record " + d.name, r.given_file,
                   "score the sequences of each length by themselves"};
  return length;
}

}  // namespace ponder
