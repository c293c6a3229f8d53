// mistral3: Mistral Small 3.1 and Ministral 3. A llama whose files may scale rotary positions with
// their own factor of cosines and sines, and queries by their positions. Mistral AI 2025.
#include <cmath>

#include "model/arch.h"

namespace ponder {

Result<Config> read_mistral3(const ArchReader& in) {
  PONDER_ASSIGN(Config c, read_llama(in));
  // YaRN's factor 1 + 0.1 log(factor) is divided by 1 + 0.1 m log(factor), with m from the file: 1
  // in Ministral 3, whose factor is therefore 1.
  float multiplier = 0, factor = 1;
  PONDER_TRY(in.read_float("rope.scaling.yarn_log_multiplier", multiplier, false));
  PONDER_TRY(in.read_float("rope.scaling.factor", factor, false));
  PONDER_ASSIGN(const std::string_view type, in.string_or("rope.scaling.type", ""));
  if (type == "yarn" && factor > 1) c.rope_global.scale /= 1 + 0.1f * multiplier * std::log(factor);
  PONDER_TRY(in.read_float("attention.temperature_scale", c.query_growth, false));
  c.query_period = c.n_ctx;
  PONDER_TRY(in.read_int("rope.scaling.original_context_length", c.query_period, false));
  if (c.query_period == 0) c.query_period = c.n_ctx;
  return c;
}

}  // namespace ponder
