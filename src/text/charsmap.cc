// The map comes from a file, so that each of its units is checked once; a look-up then needs no
// bounds.
#include "text/charsmap.h"

#include <algorithm>
#include <cstring>

namespace ponder {

Result<CharsMap> CharsMap::parse(std::string_view bytes, const std::string& where) {
  const auto bad = [&](const char* expected, const std::string& got) {
    return Error{Code::kInvalid, expected, got, where, "the file may be damaged"};
  };
  std::uint32_t n = 0;  // bytes of the double array
  if (bytes.size() <= sizeof n)
    return bad("the size of a double array, and the array",
               std::to_string(bytes.size()) + " bytes");
  std::memcpy(&n, bytes.data(), sizeof n);
  bytes.remove_prefix(sizeof n);
  if (n == 0 || n % sizeof(Unit) != 0 || n >= bytes.size())
    return bad("a double array of whole units with replacements after it",
               "one of " + std::to_string(n) + " bytes in " + std::to_string(bytes.size()));
  if (bytes.back() != '\0')
    return bad("replacements that end with a zero byte",
               "byte " + std::to_string(static_cast<unsigned char>(bytes.back())) + " at the end");
  CharsMap m;
  m.units_.resize(n / sizeof(Unit));
  std::memcpy(m.units_.data(), bytes.data(), n);
  m.replacements_ = bytes.substr(n);
  if (!m.stays_inside())
    return bad("a double array whose nodes lead to nodes and to replacements",
               "one that leads out of itself");
  return m;
}

// From a node, every byte leads somewhere in one block of 256 units.
bool CharsMap::stays_inside() const {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const Unit u = units_[i];
    if (i > 0 && u.label() > 0xff) continue;  // a value, which nothing goes on from
    const std::size_t next = i ^ u.offset();
    if ((next | 0xff) >= units_.size()) return false;
    if (u.has_value() && units_[next].value() >= replacements_.size()) return false;
  }
  return true;
}

CharsMap::Match CharsMap::longest(std::string_view text) const {
  if (units_.empty()) return {};
  Match best;
  std::size_t at = units_[0].offset();
  for (std::size_t i = 0; i < std::min(text.size(), kLongest); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    at ^= byte;
    const Unit u = units_[at];
    if (u.label() != byte) break;
    at ^= u.offset();
    if (u.has_value()) best = {i + 1, replacements_.data() + units_[at].value()};
  }
  return best;
}

}  // namespace ponder
