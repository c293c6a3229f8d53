// The layouts of the folders in which programs keep models; one function each. Their results have
// no names yet (catalog.cc).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ponder/model/catalog.h"

namespace ponder::catalog {

/// Collects models and notes.
class Found {
 public:
  /// Adds a GGUF file of a repository, or a part of a split one. `name`: of the file, without its
  /// folder; may differ from that on the disk.
  void add_file(ModelStore, const std::filesystem::path&, const std::string& repository,
                const std::string& name);
  /// Adds a model under a tag of its own, whatever other names its file has.
  void add_tagged(StoredModel m) { models_.push_back(std::move(m)); }
  void note(const std::filesystem::path& path, const std::string& what);
  std::vector<StoredModel>& models() { return models_; }
  std::vector<std::string>& notes() { return notes_; }

 private:
  std::vector<StoredModel> models_;
  std::map<std::string, std::size_t> splits_;  // by the name of part 1: the model's index
  std::set<std::string> files_;                // canonical paths
  std::vector<std::string> notes_;
};

/// Calls fn for each regular file at most `depth` folders below `root` (0: in it) in the order of
/// names, with the names of the folders between and of the file. Every folder is read once, so that
/// circles of links end. A root that does not exist has no files; what cannot be read is a note.
using Names = std::vector<std::string>;
void walk(const std::filesystem::path& root, int depth, Found&,
          const std::function<void(const std::filesystem::path&, const Names&)>& fn);
/// The file's size; 0 if it is not known.
std::uint64_t size_of(const std::filesystem::path&);

void find_flat(const ModelFolder&, Found&);
void find_hub(const ModelFolder&, Found&);
void find_llama_cpp(const ModelFolder&, Found&);
void find_lm_studio(const ModelFolder&, Found&);
void find_ollama(const ModelFolder&, Found&);

/// The quantisation in a file's name, in capitals: "Q4_K_M", "UD-IQ2_XXS", "BF16"; empty: none.
std::string quantisation_in(std::string_view file);
std::string lower(std::string_view);
std::string upper(std::string_view);

}  // namespace ponder::catalog
