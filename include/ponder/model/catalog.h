// The models on this machine: GGUF files in the folders where the programs that fetch models keep
// them, by the names that people know them by. Nothing is fetched, written, or read but names,
// manifests and headers. The folders are the caller's choice: the library does not look at the
// environment.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"

namespace ponder {

/// Whose folder it is, and thereby how it is laid out.
enum class ModelStore : std::uint8_t {
  kPonder,    // FILE.gguf
  kHub,       // the Hugging Face hub cache: models--ORG--NAME/snapshots/REVISION/FILE.gguf
  kLlamaCpp,  // ORG_NAME_FILE.gguf, beside manifest=ORG=NAME=TAG.json
  kLmStudio,  // ORG/NAME/FILE.gguf
  kOllama     // manifests/HOST/SPACE/NAME/TAG, which names a blob: blobs/sha256-…
};
std::string_view to_string(ModelStore);  // "ponder", "hub", "llama.cpp", "LM Studio", "Ollama"

struct ModelFolder {
  ModelStore store{};
  std::string path;
};

/// One model: a file, or all parts of a split one.
struct StoredModel {
  // No other model of the catalogue has this name, in capitals or not: "ORG/NAME:Q4_K_M",
  // "ORG/NAME:FILE", "NAME:TAG" (Ollama), "FILE"; where two would have it, the path.
  std::string name{};
  ModelStore store{};
  std::string path{};        // of the file, or of the first part that is there
  std::string repository{};  // "ORG/NAME", of Ollama "NAME" or "SPACE/NAME"; may be empty
  std::string tag{};         // the quantisation in the file's name, of Ollama the tag; may be empty
  std::string file{};        // the file's name without ".gguf" and the number of the part
  int n_parts = 1;
  std::uint64_t n_bytes = 0;  // of all parts that are there
};

struct Catalog {
  std::vector<StoredModel> models;  // by name
  std::vector<std::string> notes;   // what could not be read, a sentence each
};

/// Looks through the folders. A folder that does not exist has no models; what cannot be read is a
/// note. A file that several names lead to is listed once, except for Ollama's tags. A cache of the
/// hub shows each file at the revision of refs/main, else at any. Links may lead in circles.
Catalog find_models(std::span<const ModelFolder>);

/// The model that is meant by a name: its full name, or a part of it, as long as no other has that
/// part too: ORG/NAME or NAME, each with :TAG or without, or the name of the file. Capitals do not
/// matter. Errors: kNotFound, with the closest names and the command that fetches such a model;
/// kInvalid (several models have the name), with their names.
Result<StoredModel> choose_model(const Catalog&, std::string_view name);

/// What the header of a model file says.
struct ModelSummary {
  std::string architecture;        // "llama"; empty: not known
  std::string quantisation;        // as in the file's name, else the type of most values
  std::int64_t n_parameters = 0;   // 0: not known
  std::optional<Error> refusal{};  // why ponder cannot run it
};
/// Reads the headers; takes milliseconds. A model without a refusal can still be too large for the
/// memory, or have a broken vocabulary.
ModelSummary summarize(const StoredModel&);

struct ModelList {
  struct Row {
    StoredModel model;
    ModelSummary summary;
  };
  std::vector<Row> rows;  // by name
  std::vector<std::string> notes;
  std::vector<ModelFolder> folders;  // where it was looked
};
/// find_models and summarize.
ModelList list_models(std::vector<ModelFolder> folders);

}  // namespace ponder
