// JSON of a landscape: its two ends and the results of each method. The cells and paths are in the
// files.
#include "ponder/session/landscape.h"

#include "ponder/core/version.h"
#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {

std::string to_json(const LandscapeAnswer& a) {
  const auto end = [&](int peak) {
    const auto& p = a.peaks[static_cast<std::size_t>(peak)];
    return Json{{"reply", p.text}, {"logprob", p.logprob}, {"share", a.share(peak)}};
  };
  Json j{{"start", end(a.start)}, {"goal", end(a.goal)},       {"size", a.survey.n},
         {"alpha", a.alpha},      {"seeds", a.seeds},          {"seed", a.seed},
         {"files", a.files},      {"replies", a.peaks.size()}, {"version", kVersion}};
  for (const auto& w : a.walks)
    j[w.name] = {{"escaped", w.escaped}, {"improved", w.improved}, {"points", w.points}};
  return text_of(j);
}

}  // namespace ponder
