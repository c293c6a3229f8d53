// Models for tests: the tiny ones of the repository, and the real ones where they have been
// fetched.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/arch.h"
#include "model/transformer.h"
#include "must.h"
#include "ponder/model/model.h"

namespace ponder::test {

inline const std::vector<std::string> kTiny{"llama-tied", "llama-untied", "llama3-rope", "qwen2",
                                            "qwen3",      "gemma3",       "gpt2"};
inline std::string tiny_path(const std::string& name) {
  return std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/" + name + "/model.gguf";
}

/// Names of test suites over them.
inline std::string suite_name(const testing::TestParamInfo<std::string>& i) {
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
inline std::unique_ptr<LanguageDensity> density(std::shared_ptr<const Model> model,
                                                std::int64_t kv_bytes = 0, int n_ctx = 0) {
  return must(LanguageDensity::make(std::move(model),
                                    {.n_ctx = n_ctx, .kv_bytes = kv_bytes, .end_tokens = {}}));
}
/// log p of every token but the first, in f32, by the model in the bytes of a file.
inline std::vector<double> log_probs(const std::string& bytes, const std::vector<Token>& ids) {
  const auto file = must(
      GgufFile::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "variant"));
  const auto d = density(must(Model::load(file, {.precision = Precision::kF32})));
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
inline std::shared_ptr<const Model> load_changed(const std::string& path,
                                                 const std::function<void(Config&)>& change) {
  const auto file = must(GgufFile::open(path));
  const ModelOptions options{.precision = Precision::kF32, .n_threads = 2};
  Config config = must(read_config(*file));
  change(config);
  const GemmKernel& kernel = gemm_kernel(Compute::kF32);
  auto weights = must(load_weights(*file, config, kernel, true, options.n_threads));
  return std::make_shared<Transformer>(file, config, std::move(weights), kernel,
                                       must(Model::describe(*file, options)));
}

}  // namespace ponder::test
