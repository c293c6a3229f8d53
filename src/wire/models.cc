// JSON of the models on a machine.
#include "ponder/model/catalog.h"

#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {
namespace {

Json row_json(const ModelList::Row& row) {
  const StoredModel& m = row.model;
  const ModelSummary& s = row.summary;
  Json j{{"name", m.name},
         {"from", to_string(m.store)},
         {"path", m.path},
         {"parts", m.n_parts},
         {"bytes", m.n_bytes},
         {"architecture", s.architecture},
         {"quantisation", s.quantisation},
         {"parameters", s.n_parameters},
         {"runs", !s.refusal}};
  if (s.refusal) j["refusal"] = s.refusal->message();
  return j;
}

}  // namespace

std::string to_json(const ModelList& list) {
  Json models = Json::array(), folders = Json::array();
  for (const auto& row : list.rows) models.push_back(row_json(row));
  for (const ModelFolder& f : list.folders)
    folders.push_back({{"from", to_string(f.store)}, {"path", f.path}});
  return text_of({{"models", models}, {"folders", folders}, {"notes", list.notes}});
}

}  // namespace ponder
