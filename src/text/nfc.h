// Unicode's normal form C (UAX 15), to which the tokenizers of some families convert text before
// they cut it.
#pragma once

#include <string>
#include <string_view>

namespace ponder {

/// True if every character of the text is certain to be in normal form already.
bool surely_nfc(std::string_view text);
/// Normalises the well-formed runs of any bytes; bytes that are no UTF-8 stay.
std::string to_nfc(std::string_view text);

}  // namespace ponder
