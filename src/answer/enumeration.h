// The enumeration that can be taken up again: what waits stays between runs. The one-off call is
// enumerate_answers (ponder/answer/posterior.h).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ponder/answer/posterior.h"
#include "search/frontier.h"

namespace ponder {

class AnswerEnumeration {
 public:
  /// Density, law and map must outlive it. Errors: kInvalid (a setting out of range).
  static Result<std::unique_ptr<AnswerEnumeration>> make(CausalDensity&, const PrefixRef& context,
                                                         const ReplyLaw&, const PrefixMap&, Spell,
                                                         const EnumerationConfig&);
  /// Goes on until the proof or the budget's end.
  Status run(const Budget&);
  /// `closed`: with the closed prefixes, which may be many.
  Posterior posterior(bool closed = true) const;

 private:
  using Entry = Frontier::Entry;
  AnswerEnumeration(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                    const PrefixMap& map, Spell spell, const EnumerationConfig& c);
  bool is_proved() const { return first_ > second_ + open(); }
  bool is_done() const;
  void pop_batch();
  Status expand_batch();
  Status ask(Rows&);
  void take_row(const Entry&, PrefixRef end, const Row&);
  void take_child(Frontier::Index, const std::vector<Token>& begin, const TokenProb&);
  void wait(const Entry&);
  void close(std::vector<Token>, double logprob, std::optional<std::string> answer);
  double open() const;

  CausalDensity& d_;
  const ReplyLaw& law_;
  const PrefixMap& map_;
  const Spell spell_;
  const EnumerationConfig c_;
  Frontier frontier_;
  std::vector<Entry> batch_;                           // popped, and not expanded yet
  int batch_limit_;                                    // Frontier::put_back
  std::map<std::optional<std::string>, double> mass_;  // by answer; none: no answer
  double waiting_ = 0;                                 // mass of all entries
  double dropped_ = 0;                                 // mass that found no room
  std::optional<std::string> leader_{};                // the answer of most mass
  double first_ = 0, second_ = 0;                      // its mass, and the most of any other
  std::vector<ClosedPrefix> closed_;
  std::int64_t expanded_ = 0;
};

}  // namespace ponder
