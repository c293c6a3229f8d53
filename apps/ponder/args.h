// The options that several subcommands share, and their registration. Parsing only: nothing here
// opens a model.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ponder/density/law.h"
#include "ponder/model/model.h"
#include "ponder/search/decode.h"
#include "ponder/session/common.h"
#include "ponder/session/prompt.h"

namespace CLI {
class App;  // its header is slow to compile, so only sources that add options include it
}

namespace ponder::app {

struct ModelArgs {
  std::string path, repository;  // both empty: the default model
  int threads = 0, n_ctx = 0;
  std::string precision = "auto", weights = "auto", isa = "best", chat_template;
  bool verbose = false;
  void add(CLI::App&, bool runs);  // runs: also adds the options of an engine
  // also limits the instruction sets, so it must be called before anything runs
  ModelOptions options() const;
};

/// -p and -f; for prompts, also an argument without a flag.
struct TextArgs {
  std::string text, file;
  void add(CLI::App&, const std::string& what);
  /// Returns the text, or reads the file if one is given; stdin can be read only once. Errors:
  /// kInvalid (there is no text).
  Result<std::string> read() const;
};

struct PromptArgs : TextArgs {
  std::string system;
  bool raw = false;
  void add(CLI::App&);
  /// In chat, without the one line end that editors and echo put after a file's text. Errors: those
  /// of TextArgs::read.
  Result<PromptRequest> request() const;
};

/// --input, --json, --jsonl.
struct LineArgs {
  std::string input;
  bool json = false, jsonl = false;
  void add(CLI::App&);
};

struct LawArgs {
  std::string target = "ended";
  LawRequest lengths;  // all settings but the target
  void add(CLI::App&);
  LawRequest request() const;
};

struct DecodeArgs {
  DecodeConfig config;
  void add(CLI::App&);
};

struct BudgetArgs {
  std::string text = "10s";  // empty: no limit
  void add(CLI::App&);
  /// The budget with this program's stop flag. Errors: those of parse_budget.
  Result<Budget> budget() const;
};

/// Set by SIGINT and SIGTERM, once work has begun. Before that, the signals end the program at
/// once, since nothing would be lost.
std::atomic<bool>& stop_flag();
/// Marks the moment from which a signal could lose work: the model is in memory and a prompt was
/// read.
void work_begins();

// One function per subcommand. It registers the options and returns the function that runs the
// subcommand and gives the exit code.
using Run = std::function<Result<int>()>;
Run add_generate(CLI::App&);
Run add_decide(CLI::App&);
Run add_score(CLI::App&);
Run add_grad(CLI::App&);
Run add_tokenize(CLI::App&);
Run add_detokenize(CLI::App&);
Run add_sample(CLI::App&);
Run add_think(CLI::App&);
Run add_prove(CLI::App&);
Run add_answer(CLI::App&);
Run add_calibrate(CLI::App&);
Run add_landscape(CLI::App&);
Run add_design(CLI::App&);
Run add_models(CLI::App&);
Run add_serve(CLI::App&);
Run add_info(CLI::App&);
Run add_bench(CLI::App&);

}  // namespace ponder::app
