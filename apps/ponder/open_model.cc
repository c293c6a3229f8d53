// Finds, opens and loads models.
#include "open_model.h"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <mutex>
#include <thread>

#include "model_folders.h"
#include "ponder/core/files.h"
#include "ponder/model/catalog.h"
#include "user_folder.h"

namespace ponder::app {
namespace {

// The path where ./quickstart stores the default model.
std::string default_model() {
  return user_folder("XDG_CACHE_HOME", ".cache") + "/SmolLM2-135M-Instruct.Q4_1.gguf";
}

Result<std::shared_ptr<const GgufFile>> open_named(const std::string& name) {
  PONDER_ASSIGN(const StoredModel m, choose_model(find_models(model_folders()), name));
  return GgufFile::open(m.path);
}

// A path that exists is meant as such, and what can only be a path has the error of one.
Result<std::shared_ptr<const GgufFile>> open_path_or_name(const std::string& s) {
  std::error_code error;
  if (std::filesystem::exists(s, error) || error) return GgufFile::open(s);
  auto named = open_named(s);
  const bool a_path = s.starts_with('/') || s.starts_with('.') || s.ends_with(".gguf");
  if (named.ok() || named.error().code != Code::kNotFound || !a_path) return named;
  return GgufFile::open(s);
}

Result<std::shared_ptr<const GgufFile>> open_file(const ModelArgs& m) {
  if (!m.path.empty()) return open_path_or_name(m.path);
  if (!m.repository.empty()) {
    if (m.repository.find('/') != std::string::npos) return open_named(m.repository);
    return Error{Code::kInvalid, "ORG/NAME or ORG/NAME:QUANT", "'" + m.repository + "'",
                 "--hf-repo", "a file, or any other name that ponder models lists, goes after -m"};
  }
  const std::string path = default_model();
  auto file = GgufFile::open(path);
  if (!file.ok() && file.error().code == Code::kNotFound)
    return Error{
        Code::kNotFound, "a model", "none given with -m, and no default model", path,
        "run ./quickstart once, or give a GGUF file with -m; ponder models lists what is here"};
  return file;
}

// While a model loads, shows a line on stderr if stderr is a terminal. Erases the line at the end.
class LoadingLine {
 public:
  explicit LoadingLine(const GgufFile& f) {
    if (!isatty(STDERR_FILENO)) return;
    const std::string line = fmt::format("loading {}, {} MB …", f.name(), f.file_bytes() >> 20);
    thread_ = std::jthread([this, line](const std::stop_token& stop) {
      constexpr std::chrono::milliseconds kShort{500};
      std::unique_lock lock(mutex_);
      if (ended_.wait_for(lock, stop, kShort, [] { return false; }) || stop.stop_requested())
        return;
      std::cerr << line << std::flush;
      ended_.wait(lock, stop, [] { return false; });
      std::cerr << "\r\x1b[K" << std::flush;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;  // declared last, so that the thread ends before the members it uses
};

// Opens what S::open gives, in a session or for many.
template <class S>
auto open_as(const ModelArgs& m, const SessionOptions& options) -> decltype(S::open({})) {
  PONDER_ASSIGN(auto text, open_text(m));
  const LoadingLine line(text->file());
  return S::open(text, options);
}

void describe(const TextModel& text, const ModelInfo& info) {
  std::cerr << fmt::format("ponder: {}, {}, {} on {}, {} threads, {} MB of weights\n",
                           text.file().path(), info.architecture, to_string(info.precision),
                           info.isa, info.n_threads, info.weight_bytes >> 20);
}

}  // namespace

Result<std::string> read_all(const std::string& path) {
  if (path == "-") return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  return read_file(path);
}

Result<std::shared_ptr<const TextModel>> open_text(const ModelArgs& m) {
  PONDER_ASSIGN(auto file, open_file(m));
  std::string source = m.chat_template;
  std::error_code none;
  if (!source.empty() && std::filesystem::is_regular_file(source, none)) {
    PONDER_ASSIGN(source, read_all(m.chat_template));
  }
  return TextModel::make(std::move(file), std::move(source));
}

Result<std::unique_ptr<Session>> open_session(const ModelArgs& m, bool for_many) {
  SessionOptions options{.model = m.options(), .n_ctx = m.n_ctx};
  options.model.many_rows = for_many;
  PONDER_ASSIGN(auto session, open_as<Session>(m, options));
  if (m.verbose) describe(session->text(), session->model().info());
  return session;
}

Result<std::shared_ptr<SharedSession>> open_shared(const ModelArgs& m, std::int64_t kv_bytes) {
  SessionOptions options{.model = m.options(), .n_ctx = m.n_ctx, .kv_bytes = kv_bytes};
  options.model.many_rows = true;
  PONDER_ASSIGN(auto session, open_as<SharedSession>(m, options));
  if (m.verbose) describe(session->text(), session->info());
  return session;
}

}  // namespace ponder::app
