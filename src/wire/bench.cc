// JSON of a bench: the rates by name, and the model and machine on which they were measured.
#include "ponder/session/bench.h"

#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {

std::string to_json(const BenchAnswer& a) {
  Json j;
  for (const auto& r : a.results)
    j[r.name] = {{"median", r.rate.median}, {"min", r.rate.min}, {"max", r.rate.max}};
  j["load_s"] = a.load_seconds;
  j["rss_mb"] = a.rss_mb;
  j["isa"] = a.model.isa;
  j["precision"] = to_string(a.model.precision);
  j["weights"] = to_string(a.model.weights);
  j["threads"] = a.model.n_threads;
  j["model"] = {{"file", a.file->path()}, {"sha256", a.file->sha256().substr(0, 16)}};
  return text_of(j);
}

}  // namespace ponder
