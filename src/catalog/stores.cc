// The folders of ponder, of the hub, of llama.cpp and of LM Studio, in all of which a model is a
// file with a name. Not Ollama's (ollama.cc).
#include "catalog/stores.h"

#include <algorithm>
#include <fstream>

#include "gguf/part_name.h"

namespace ponder::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".gguf";

// A projector holds the part of a model that sees images, not one that writes text.
bool is_model_file(const std::string& name) {
  const std::string s = lower(name);
  return s.ends_with(kEnding) && !s.starts_with("mmproj");
}

std::string stem_of(const std::string& name) {
  return name.substr(0, name.size() - kEnding.size());
}

std::string joined(const Names& parts) {
  std::string s;
  for (const std::string& p : parts) s += (s.empty() ? "" : "/") + p;
  return s;
}

std::string first_line(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return "";  // a pipe would block
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// What is in a folder, in the order of names; nothing if it does not exist.
std::vector<fs::path> entries_of(const fs::path& dir, Found& found) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator i(dir, error), end; !error && i != end; i.increment(error))
    entries.push_back(i->path());
  if (error && error != std::errc::no_such_file_or_directory) found.note(dir, error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

struct Walk {
  Found& found;
  const std::function<void(const fs::path&, const Names&)>& fn;
  std::set<fs::path> visited;

  void folder(const fs::path& dir, int depth, Names& names) {
    std::error_code error;
    const fs::path real = fs::canonical(dir, error);
    if (!error && !visited.insert(real).second) return;
    for (const fs::path& p : entries_of(dir, found)) {
      names.push_back(p.filename().string());
      entry(p, depth, names);
      names.pop_back();
    }
  }
  void entry(const fs::path& p, int depth, Names& names) {
    std::error_code error;
    const fs::file_status status = fs::status(p, error);
    if (fs::is_directory(status)) {
      if (depth > 0) folder(p, depth - 1, names);
    } else if (fs::is_regular_file(status)) {
      fn(p, names);
    } else if (is_model_file(names.back())) {
      found.note(p, error ? error.message() : "no regular file");
    }
  }
};

// "models--ORG--NAME" to "ORG/NAME"; empty: another kind of folder.
std::string repository_of(const std::string& folder) {
  constexpr std::string_view kBegin = "models--", kBetween = "--";
  if (!folder.starts_with(kBegin)) return "";
  std::string s = folder.substr(kBegin.size());
  if (const std::size_t at = s.find(kBetween); at != std::string::npos)
    s.replace(at, kBetween.size(), "/");
  return s;
}

}  // namespace

std::string lower(std::string_view s) {
  std::string o(s);
  for (char& c : o)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return o;
}
std::string upper(std::string_view s) {
  std::string o(s);
  for (char& c : o)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return o;
}

std::uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const auto n = fs::file_size(path, error);
  return error ? 0 : n;
}

void walk(const fs::path& root, int depth, Found& found,
          const std::function<void(const fs::path&, const Names&)>& fn) {
  Names names;
  Walk{found, fn, {}}.folder(root, depth, names);
}

void Found::note(const fs::path& path, const std::string& what) {
  notes_.push_back(path.string() + " could not be read: " + what);
}

void Found::add_file(ModelStore store, const fs::path& path, const std::string& repository,
                     const std::string& name) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error || !files_.insert(real.string()).second) return;
  const gguf::PartName part = gguf::part_name(path.string());
  if (part.count > 0) {
    const auto [it, first] = splits_.try_emplace(part.of(1), models_.size());
    if (!first) {
      models_[it->second].n_bytes += size_of(path);
      return;
    }
  }
  const gguf::PartName shown = gguf::part_name(name);
  StoredModel m{.store = store, .path = path.string(), .repository = repository};
  m.file = shown.count > 0 ? shown.stem : stem_of(name);
  m.tag = quantisation_in(m.file);
  m.n_parts = std::max(part.count, 1);
  m.n_bytes = size_of(path);
  models_.push_back(std::move(m));
}

void find_flat(const ModelFolder& f, Found& found) {
  walk(f.path, 0, found, [&](const fs::path& p, const Names& names) {
    if (is_model_file(names.back())) found.add_file(f.store, p, "", names.back());
  });
}

void find_hub(const ModelFolder& f, Found& found) {
  constexpr int kDeepest = 4;  // a revision and what is in it
  for (const fs::path& dir : entries_of(f.path, found)) {
    const std::string repository = repository_of(dir.filename().string());
    if (repository.empty()) continue;
    const std::string main = first_line(dir / "refs" / "main");
    std::map<std::string, std::pair<fs::path, std::string>> files;  // by what follows the revision
    walk(dir / "snapshots", kDeepest, found, [&](const fs::path& p, const Names& n) {
      if (n.size() < 2 || !is_model_file(n.back())) return;
      const std::pair version{p, n.back()};
      const auto [it, first] = files.try_emplace(joined(Names(n.begin() + 1, n.end())), version);
      if (!first && n[0] == main) it->second = version;
    });
    for (const auto& [key, version] : files)
      found.add_file(f.store, version.first, repository, version.second);
  }
}

void find_llama_cpp(const ModelFolder& f, Found& found) {
  std::map<std::string, std::string> repositories;  // by how the names of their files begin
  std::vector<std::pair<fs::path, std::string>> files;
  walk(f.path, 0, found, [&](const fs::path& p, const Names& n) {
    constexpr std::string_view kBegin = "manifest=";
    const std::string& name = n.back();
    if (name.starts_with(kBegin)) {
      const std::string rest = name.substr(kBegin.size());
      const std::size_t org = rest.find('='), end = rest.rfind('=');
      if (org == end) return;
      const std::string repository =
          rest.substr(0, org) + "/" + rest.substr(org + 1, end - org - 1);
      std::string begin = repository + "_";
      begin[org] = '_';
      repositories[begin] = repository;
    } else if (is_model_file(name)) {
      files.emplace_back(p, name);
    }
  });
  for (const auto& [path, name] : files) {
    std::string begin, repository;  // of the longest one, if one begins like another
    for (const auto& [b, r] : repositories)
      if (name.starts_with(b) && b.size() > begin.size()) begin = b, repository = r;
    found.add_file(f.store, path, repository, name.substr(begin.size()));
  }
}

void find_lm_studio(const ModelFolder& f, Found& found) {
  constexpr int kDeepest = 4;
  walk(f.path, kDeepest, found, [&](const fs::path& p, const Names& n) {
    if (is_model_file(n.back()))
      found.add_file(f.store, p, n.size() < 3 ? "" : n[0] + "/" + n[1], n.back());
  });
}

}  // namespace ponder::catalog
