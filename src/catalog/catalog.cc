// The catalogue: all folders together, a name for each model, and what the headers say.
#include "ponder/model/catalog.h"

#include <algorithm>

#include "catalog/stores.h"
#include "ponder/model/gguf.h"
#include "ponder/model/model.h"
#include "ponder/model/tokenizer.h"

namespace ponder {
namespace {

using catalog::Found;

// Names that a model can have, the shortest first.
std::vector<std::string> possible_names(const StoredModel& m) {
  std::vector<std::string> names;
  if (m.repository.empty()) {
    names.push_back(m.file);
  } else {
    if (!m.tag.empty()) names.push_back(m.repository + ":" + m.tag);
    names.push_back(m.repository + ":" + m.file);
  }
  names.push_back(m.path);
  return names;
}

// Gives each model its shortest name that no other has. Models that share a name all take their
// next ones.
void give_names(std::vector<StoredModel>& models) {
  std::vector<std::vector<std::string>> names;
  for (const StoredModel& m : models) names.push_back(possible_names(m));
  std::vector<std::size_t> at(models.size(), 0);
  for (bool again = true; again;) {
    again = false;
    std::map<std::string, std::vector<std::size_t>> by_name;
    for (std::size_t i = 0; i < models.size(); ++i)
      by_name[catalog::lower(names[i][at[i]])].push_back(i);
    for (const auto& [name, same] : by_name)
      for (std::size_t i : same)
        if (same.size() > 1 && at[i] + 1 < names[i].size()) ++at[i], again = true;
  }
  for (std::size_t i = 0; i < models.size(); ++i) models[i].name = names[i][at[i]];
}

// The type that holds the most values.
std::string main_type(const GgufFile& file) {
  std::map<TensorType, std::int64_t> values;
  for (const GgufTensor& t : file.tensors()) values[t.type] += t.n_values;
  const auto most =
      std::max_element(values.begin(), values.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == values.end()) return "";
  const TensorTypeInfo* info = tensor_type_info(most->first);
  return info ? std::string(info->name)
              : "type " + std::to_string(static_cast<std::uint32_t>(most->first));
}

void describe(const GgufFile& file, ModelSummary& s) {
  if (const auto name = file.get_string("general.architecture"); name.ok()) s.architecture = *name;
  for (const GgufTensor& t : file.tensors()) s.n_parameters += t.n_values;
  if (s.quantisation.empty()) s.quantisation = main_type(file);
}

struct Layout {
  std::string_view name;
  void (*find)(const ModelFolder&, Found&);
};
constexpr Layout kLayouts[] = {{"ponder", catalog::find_flat},  // by ModelStore
                               {"hub", catalog::find_hub},
                               {"llama.cpp", catalog::find_llama_cpp},
                               {"LM Studio", catalog::find_lm_studio},
                               {"Ollama", catalog::find_ollama}};
const Layout& layout(ModelStore s) { return kLayouts[static_cast<std::size_t>(s)]; }

}  // namespace

std::string_view to_string(ModelStore s) { return layout(s).name; }

Catalog find_models(std::span<const ModelFolder> folders) {
  Found found;
  for (const ModelFolder& f : folders) layout(f.store).find(f, found);
  Catalog c{std::move(found.models()), std::move(found.notes())};
  give_names(c.models);
  std::sort(c.models.begin(), c.models.end(),
            [](const StoredModel& a, const StoredModel& b) { return a.name < b.name; });
  return c;
}

ModelSummary summarize(const StoredModel& m) {
  ModelSummary s;
  s.quantisation = catalog::quantisation_in(m.tag);
  const auto file = GgufFile::open(m.path);
  if (!file.ok()) {
    s.refusal = file.error();
    if (const auto header = GgufFile::open_header(m.path); header.ok()) describe(**header, s);
    if (m.n_parts > 1) s.n_parameters = 0;  // those of one part
    return s;
  }
  describe(**file, s);
  if (const auto model = Model::describe(**file); !model.ok())
    s.refusal = model.error();
  else if (const Status tokenizer = Tokenizer::check_kind(**file); !tokenizer.ok())
    s.refusal = tokenizer.error();
  return s;
}

ModelList list_models(std::vector<ModelFolder> folders) {
  Catalog c = find_models(folders);
  ModelList list{.rows = {}, .notes = std::move(c.notes), .folders = std::move(folders)};
  for (StoredModel& m : c.models) {
    ModelSummary s = summarize(m);
    list.rows.push_back({std::move(m), std::move(s)});
  }
  return list;
}

}  // namespace ponder
