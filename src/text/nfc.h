// Unicode's normal form C (UAX 15), which the tokenizers of some families bring text into before
// they cut it.
#pragma once

#include <string>
#include <string_view>

namespace ponder {

/// Whether every character of the text is certain to be in its normal form already.
bool surely_nfc(std::string_view text);
/// Any bytes: well-formed runs are normalised, bytes that are no UTF-8 stay.
std::string to_nfc(std::string_view text);

}  // namespace ponder
