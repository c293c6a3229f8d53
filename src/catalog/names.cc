// Names of models: the quantisation in the name of a file, and the model that a name means.
#include <algorithm>

#include "base/edit_distance.h"
#include "catalog/stores.h"

namespace ponder {
namespace catalog {
namespace {

bool in_word(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Q4_K_M, IQ2_XXS, TQ1_0, BF16, MXFP4_MOE, …: a type of tensors, or a mixture of types.
bool is_quantisation(std::string_view word) {
  if (word == "F32" || word == "F16" || word == "BF16" || word == "FP16") return true;
  if (word.starts_with("MXFP4") || word.starts_with("NVFP4"))
    return word.size() == 5 || word[5] == '_';
  if (word.starts_with('I') || word.starts_with('T')) word.remove_prefix(1);
  return word.size() > 1 && word[0] == 'Q' && word[1] >= '1' && word[1] <= '8' &&
         (word.size() == 2 || word[2] == '_');
}

}  // namespace

std::string quantisation_in(std::string_view file) {
  const std::string s = upper(file);
  std::string found;
  for (std::size_t i = 0; i < s.size();) {
    std::size_t end = i;
    while (end < s.size() && in_word(s[end])) ++end;
    const std::string word = s.substr(i, end - i);
    const bool begins = i == 0 || s[i - 1] == '_' || !in_word(s[i - 1]);
    if (begins && is_quantisation(word)) {
      const bool dynamic =
          i >= 3 && s.compare(i - 3, 3, "UD-") == 0 && (i == 3 || !in_word(s[i - 4]));
      found = (dynamic ? "UD-" : "") + word;
      i = end;
    } else {
      ++i;
    }
  }
  return found;
}

namespace {

std::string last_part(const std::string& repository) {
  return repository.substr(repository.rfind('/') + 1);
}

// A name cut at the colon before its tag.
struct Asked {
  std::string base, tag;
};
Asked split_tag(const std::string& name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos) return {name, ""};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

// "name-q4_k_m" without its quantisation.
std::string without_tag(std::string file, const std::string& tag) {
  if (tag.empty() || !file.ends_with(tag)) return file;
  file.erase(file.size() - tag.size());
  return file.substr(0, file.find_last_not_of("-._") + 1);
}

bool means(const Asked& asked, const StoredModel& m) {
  const std::string repository = lower(m.repository), file = lower(m.file);
  const bool tag = asked.tag.empty() || asked.tag == lower(m.tag) || asked.tag == file;
  const bool named =
      !repository.empty() && (asked.base == repository || asked.base == last_part(repository));
  const std::string on_disk = lower(m.path.substr(m.path.rfind('/') + 1));
  return tag && (named || asked.base == file || asked.base == file + ".gguf" ||
                 asked.base == without_tag(file, lower(m.tag)) || asked.base == on_disk);
}

constexpr std::size_t kShown = 3;

// The names that hold what was asked, or differ from it by a few letters, the closest first.
std::vector<std::string> closest(const Catalog& c, const Asked& asked) {
  const std::string word = last_part(asked.base);
  std::vector<std::pair<int, std::string>> near;
  for (const StoredModel& m : c.models) {
    int distance = static_cast<int>(word.size() / 3) + 1;
    for (const std::string& own : {lower(last_part(m.repository)), lower(m.file)}) {
      if (own.empty()) continue;
      const bool inside = word.size() > 1 && own.find(word) != std::string::npos;
      distance = std::min(distance, inside ? 0 : edit_distance<char>(word, own));
    }
    if (distance <= static_cast<int>(word.size() / 3)) near.emplace_back(distance, m.name);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(kShown, near.size()); ++i) names.push_back(near[i].second);
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string s;
  for (const std::string& n : names) s += (s.empty() ? "" : ", ") + n;
  return s;
}

// The command that fetches a model of such a name into the hub's cache.
std::string fetching(std::string_view name) {
  const Asked asked = split_tag(std::string(name));
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";
  const bool repository = std::count(asked.base.begin(), asked.base.end(), '/') == 1 &&
                          name.find_first_not_of(std::string(kPlain) + ":") == std::string::npos;
  const std::string tag = repository && !asked.tag.empty() ? asked.tag : "Q4_K_M";
  return "hf download " + (repository ? asked.base : "ORG/NAME") + " --include \"*" + tag +
         ".gguf\"";
}

Error not_found(const Catalog& c, std::string_view name, const Asked& asked) {
  const std::vector<std::string> near = closest(c, asked);
  const std::string got = "'" + std::string(name) + "', and no file of that name";
  return {Code::kNotFound,
          "the name of one of the " + std::to_string(c.models.size()) +
              " models on this machine, or a file",
          got, "",
          (near.empty() ? "" : "near: " + listed(near) + "; ") +
              "ponder models lists all; to fetch it: " + fetching(name)};
}

Error ambiguous(const std::vector<const StoredModel*>& all, std::string_view name) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(kMost, all.size()); ++i) names.push_back(all[i]->name);
  if (all.size() > kMost) names.push_back("…");
  return {Code::kInvalid, "a name of one model",
          "'" + std::string(name) + "', which " + std::to_string(all.size()) + " models have", "",
          "write one of: " + listed(names)};
}

}  // namespace
}  // namespace catalog

Result<StoredModel> choose_model(const Catalog& c, std::string_view name) {
  const std::string wanted = catalog::lower(name);
  const catalog::Asked asked = catalog::split_tag(wanted);
  std::vector<const StoredModel*> all;
  for (const StoredModel& m : c.models) {
    if (catalog::lower(m.name) == wanted) return m;
    if (catalog::means(asked, m)) all.push_back(&m);
  }
  if (all.size() == 1) return *all[0];
  return all.empty() ? catalog::not_found(c, name, asked) : catalog::ambiguous(all, name);
}

}  // namespace ponder
