// Ollama's folder: a manifest for each tag of a model, which names the blob with its weights.
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "catalog/stores.h"

namespace ponder::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDigest = "sha256:";

// The digest of the weights in hexadecimal; empty: the text is no manifest of a model.
std::string blob_of(const std::string& manifest) {
  constexpr int kDeepest = 16;  // deeper values are left out: the library goes down by recursion
  const auto shallow = [](int depth, auto, const auto&) { return depth < kDeepest; };
  const auto j = nlohmann::json::parse(manifest, shallow, false);
  const auto layers = j.is_object() ? j.find("layers") : j.end();
  if (!j.is_object() || layers == j.end() || !layers->is_array()) return "";
  const auto text = [](const nlohmann::json& layer, const char* key) -> std::string {
    const auto it = layer.is_object() ? layer.find(key) : layer.end();
    return layer.is_object() && it != layer.end() && it->is_string() ? it->get<std::string>() : "";
  };
  for (const auto& layer : *layers) {
    const std::string digest = text(layer, "digest");
    if (text(layer, "mediaType") != "application/vnd.ollama.image.model") continue;
    // The digest becomes a part of a path.
    if (!digest.starts_with(kDigest) ||
        digest.find_first_not_of("0123456789abcdef", kDigest.size()) != std::string::npos)
      return "";
    return digest.substr(kDigest.size());
  }
  return "";
}

std::string read_manifest(const fs::path& path) {
  constexpr std::uint64_t kMost = 1 << 20;  // bytes; a manifest has about a thousand
  if (size_of(path) > kMost) return "";
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

void find_ollama(const ModelFolder& f, Found& found) {
  constexpr int kDeepest = 5;
  const fs::path root = f.path;
  walk(root / "manifests", kDeepest, found, [&](const fs::path& p, const Names& n) {
    if (n.size() < 3 || n.back().starts_with('.')) return;  // HOST/[SPACE/]NAME/TAG
    const std::string blob = blob_of(read_manifest(p));
    const fs::path file = root / "blobs" / ("sha256-" + blob);
    if (blob.empty()) return found.note(p, "no manifest of a model");
    std::error_code error;
    if (!fs::is_regular_file(file, error))
      return found.note(file, error ? error.message() : "no such file");
    StoredModel m{.store = f.store, .path = file.string(), .tag = n.back()};
    for (std::size_t i = 1; i + 1 < n.size(); ++i)
      if (i > 1 || n.size() == 3 || n[i] != "library")
        m.repository += (m.repository.empty() ? "" : "/") + n[i];
    m.file = file.filename().string();
    m.n_bytes = size_of(file);
    found.add_tagged(std::move(m));
  });
}

}  // namespace ponder::catalog
