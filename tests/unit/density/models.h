// Models for tests: the tiny ones of the repository, each on every engine, and the real ones where
// they have been fetched.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engines/engines.h"
#include "model/arch.h"
#include "must.h"
#include "ponder/model/model.h"

namespace ponder::test {

inline const std::vector<std::string> kTiny{"llama-tied", "llama-untied", "llama3-rope", "qwen2",
                                            "qwen3",      "gemma3",       "gpt2",        "gemma2",
                                            "olmo2",      "olmo3",        "phi3",        "granite",
                                            "mistral3",   "smollm3",      "qwen3moe",    "gpt-oss"};
inline std::string tiny_path(const std::string& name) {
  return std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/" + name + "/model.gguf";
}

/// A model on an engine.
struct OnEngine {
  std::string model;
  const EngineKind* engine;
  std::string path() const { return tiny_path(model); }
};
/// What suites of tests run over: every model on every engine.
inline std::vector<OnEngine> on_engines(const std::vector<std::string>& models) {
  std::vector<OnEngine> all;
  for (const EngineKind& engine : engines())
    for (const std::string& model : models) all.push_back({model, &engine});
  return all;
}
/// Names of such suites, and of those over models alone, which are of their files.
inline std::string suite_name(const testing::TestParamInfo<OnEngine>& i) {
  std::string s = std::string(i.param.engine->name) + "_" + i.param.model;
  std::replace(s.begin(), s.end(), '-', '_');
  return s;
}
inline std::string file_suite_name(const testing::TestParamInfo<std::string>& i) {
  std::string s = i.param;
  std::replace(s.begin(), s.end(), '-', '_');
  return s;
}

/// Path of a fetched model, or "" if it has not been fetched.
inline std::string cached_path(const std::string& file) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string path =
      (cache && *cache ? std::string(cache) : std::string(home ? home : "") + "/.cache") +
      "/ponder/" + file;
  return std::filesystem::exists(path) ? path : "";
}
inline std::string smollm2_path() { return cached_path("SmolLM2-135M-Instruct.Q4_1.gguf"); }
inline std::string gemma3_path() { return cached_path("gemma-3-270m-q4_k_m.gguf"); }

inline std::shared_ptr<const Model> load(const std::string& path, const ModelOptions& options) {
  return must(Model::load(must(GgufFile::open(path)), options));
}
inline std::shared_ptr<const Model> load(const std::string& path, const EngineKind& engine,
                                         const ModelOptions& options) {
  const auto file = must(GgufFile::open(path));
  return must(load_with(engine, file, must(read_config(*file)), options));
}
inline std::shared_ptr<const Model> load(const OnEngine& m, const ModelOptions& options) {
  return load(m.path(), *m.engine, options);
}
inline std::unique_ptr<LanguageDensity> density(std::shared_ptr<const Model> model,
                                                std::int64_t kv_bytes = 0, int n_ctx = 0) {
  return must(LanguageDensity::make(std::move(model),
                                    {.n_ctx = n_ctx, .kv_bytes = kv_bytes, .end_tokens = {}}));
}
/// log p of every token but the first, in f32, by the model in the bytes of a file.
inline std::vector<double> log_probs(const std::string& bytes, const std::vector<Token>& ids,
                                     const EngineKind& engine = engines().front()) {
  const auto file = must(
      GgufFile::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "variant"));
  const auto d = density(
      must(load_with(engine, file, must(read_config(*file)), {.precision = Precision::kF32})));
  const PrefixRef context = must(d->add_context(std::span(ids).first(1)));
  Rows rows;
  const Extend e{.parent = context, .tokens = std::span(ids).subspan(1), .rows = RowSet::kTargets};
  EXPECT_TRUE(d->extend({&e, 1}, rows).ok());
  std::vector<double> lp;
  for (const Row& r : rows.rows) lp.push_back(r.logprob);
  return lp;
}
/// A model whose Config was changed after it was read, for settings that no file of the repository
/// has.
inline std::shared_ptr<const Model> load_changed(const OnEngine& m,
                                                 const std::function<void(Config&)>& change) {
  const auto file = must(GgufFile::open(m.path()));
  Config config = must(read_config(*file));
  change(config);
  return must(load_with(*m.engine, file, config, {.precision = Precision::kF32, .n_threads = 2}));
}

}  // namespace ponder::test
