// The folders by the environment variables of each program, else by its defaults.
#include "model_folders.h"

#include "user_folder.h"

namespace ponder::app {
namespace {

std::string cache(const std::string& below) {
  return user_base("XDG_CACHE_HOME", ".cache") + "/" + below;
}

std::string hub_folder() {
  for (const char* variable : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
    if (std::string set = named_folder(variable); !set.empty()) return set;
  const std::string home = named_folder("HF_HOME");
  return (home.empty() ? cache("huggingface") : home) + "/hub";
}

}  // namespace

std::vector<ModelFolder> model_folders() {
  const std::string llama = named_folder("LLAMA_CACHE"), ollama = named_folder("OLLAMA_MODELS");
  std::vector<ModelFolder> all{
      {ModelStore::kPonder, user_folder("XDG_CACHE_HOME", ".cache")},
      {ModelStore::kHub, hub_folder()},
      {ModelStore::kLlamaCpp, llama.empty() ? cache("llama.cpp") : llama},
      {ModelStore::kLmStudio, home_folder(".lmstudio/models")},
      {ModelStore::kLmStudio, home_folder(".cache/lm-studio/models")},
      {ModelStore::kOllama, ollama.empty() ? home_folder(".ollama/models") : ollama}};
  // where the service of Ollama's installer keeps its models
  if (ollama.empty()) all.push_back({ModelStore::kOllama, "/usr/share/ollama/.ollama/models"});
  return all;
}

}  // namespace ponder::app
