// Models on the disk, by their names. The folders are those that ponder/_catalog.py has found in
// the environment.
#include "ponder/model/catalog.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "ponder/core/files.h"
#include "ponder/wire.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace ponder::python {
namespace {

using Folders = std::vector<std::pair<std::string, std::string>>;  // store, path

std::vector<ModelFolder> folders_of(const Folders& given) {
  std::vector<ModelFolder> all;
  for (const auto& [name, path] : given)
    for (const ModelStore store : {ModelStore::kPonder, ModelStore::kHub, ModelStore::kLlamaCpp,
                                   ModelStore::kLmStudio, ModelStore::kOllama})
      if (to_string(store) == name) all.push_back({store, path});
  return all;
}

std::string choose(const Folders& folders, const std::string& name) {
  return value_of(choose_model(find_models(folders_of(folders)), name)).path;
}

std::string list(const Folders& folders) { return to_json(list_models(folders_of(folders))); }

}  // namespace

void bind_catalog(nb::module_& m) {
  m.def("choose_model", &choose, "folders"_a, "name"_a);
  m.def("list_models", &list, "folders"_a);
}

}  // namespace ponder::python
