// Options that several subcommands share, and how they are registered. Parsing only: nothing here
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
class App;  // its header takes seconds to compile: only sources that add options include it
}

namespace ponder::app {

struct ModelArgs {
  std::string path;
  int threads = 0, n_ctx = 0;
  std::string precision = "auto", weights = "auto", isa = "best", chat_template;
  bool verbose = false;
  void add(CLI::App&, bool runs);  // runs: with the options of an engine
  ModelOptions options() const;    // also limits the instruction sets: before anything runs
};

/// -p, -f; of prompts, a lone argument too.
struct TextArgs {
  std::string text, file;
  void add(CLI::App&, const std::string& what);
  /// Reads the file where there is one; stdin can be read only once. Errors: kInvalid where there
  /// is no text.
  Result<std::string> read() const;
};

struct PromptArgs : TextArgs {
  std::string system;
  bool raw = false;
  void add(CLI::App&);
  /// In chat without the one line end that editors and echo put after a file's text. Errors: as
  /// TextArgs::read.
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
  LawRequest lengths;  // all but the target
  void add(CLI::App&);
  LawRequest request() const;
};

struct DecodeArgs {
  DecodeConfig config;
  void add(CLI::App&);
};

struct BudgetArgs {
  std::string text = "10s";  // empty: none
  void add(CLI::App&);
  /// With the stop flag of this program. Errors: those of parse_budget.
  Result<Budget> budget() const;
};

/// Set by SIGINT and SIGTERM, once work has begun. Before that they end the program at once:
/// nothing would be lost.
std::atomic<bool>& stop_flag();
/// From here on there is something to lose: a prompt has been read, with the model in memory.
void work_begins();

// One function a subcommand: registers its options, returns what runs it (the exit code).
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
Run add_landscape(CLI::App&);
Run add_design(CLI::App&);
Run add_info(CLI::App&);
Run add_bench(CLI::App&);

}  // namespace ponder::app
