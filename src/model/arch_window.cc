// Sliding windows: their width, and the layers that have one. Not the rotary positions of those
// layers, which differ between architectures.
#include "model/arch.h"

namespace ponder {

Status ArchReader::read_local_layers(Config& c, int period) const {
  PONDER_TRY(read_int("attention.sliding_window", c.window, false));
  if (c.window == 0) return {};
  constexpr std::string_view kPattern = "attention.sliding_window_pattern";
  if (const GgufArray* pattern = find_array(kPattern)) {
    const auto* flags = std::get_if<std::vector<bool>>(&pattern->items);
    if (!flags || flags->size() != c.local.size())
      return Error{Code::kInvalid, std::to_string(c.n_layers) + " booleans", "another array",
                   file_.path() + ", " + key(kPattern), ""};
    c.local = *flags;
    return {};
  }
  PONDER_TRY(read_int(kPattern, period, false));
  for (int i = 0; i < c.n_layers; ++i) c.local[i] = period > 0 && i % period < period - 1;
  return {};
}

}  // namespace ponder
