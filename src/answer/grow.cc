// A reply that is cut at the horizon has the answer that its beginning decides, else none.
#include "answer/grow.h"

#include <utility>

namespace ponder {

GrownPrefix grow(const ReplyLaw& law, const PrefixMap& map, const Spell& spell,
                 const std::vector<Token>& begin, Token v) {
  GrownPrefix p{.tokens = begin};
  const bool ended = law.is_end(v);
  if (!ended) p.tokens.push_back(v);
  const std::string text = spell(p.tokens);
  if (ended) p.tokens.push_back(v);
  const bool extends = !ended && law.extends(static_cast<int>(p.tokens.size()));
  if (ended || (law.target() == Target::kFixed && !extends)) {
    p.closed = true;
    p.answer = map.answer(text);
    return p;
  }
  Reading reading = map.read(text);
  p.closed = reading.decided || !extends;
  p.answer = std::move(reading.answer);
  return p;
}

}  // namespace ponder
