// Checks the arguments with the help of CLI11's own tables, so that the value of a flag is never
// taken for a flag.
#include "flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>

#include "args.h"
#include "ponder/core/spelling.h"

namespace ponder::app {
namespace {

// Flags that users of llama.cpp type, and what to use here instead.
struct Habit {
  std::vector<std::string> names;
  const char* answer;
};
const std::vector<Habit> kHabits{
    {{"hff", "hf-file"}, "write -hf ORG/NAME:QUANT, or the file's name after -m"},
    {{"mu", "model-url"},
     "nothing is fetched: fetch the GGUF file yourself and give it with -m FILE"},
    {{"ngl", "gpu-layers", "n-gpu-layers", "dev", "device", "sm", "split-mode", "ts",
      "tensor-split", "mg", "main-gpu"},
     "ponder computes on the CPU: leave it out"},
    {{"cnv", "conversation", "st", "single-turn", "i", "interactive", "jinja"},
     "a prompt is one turn in the model's chat template already: leave it out (raw text: -no-cnv)"},
    {{"fa", "flash-attn"}, "there is one way of attention here: leave it out"},
    {{"ctk", "ctv", "cache-type-k", "cache-type-v"},
     "the type of keys and values cannot be chosen: leave it out"},
    {{"b", "batch-size", "ub", "ubatch-size"},
     "the prompt's batches are chosen by the program: leave it out"},
    {{"tb", "threads-batch"}, "-t/--threads is for all work"},
    {{"sysf", "system-prompt-file"}, "write -sys \"$(cat FILE)\""},
    {{"e", "escape"}, "escapes are the shell's: $'two\\nlines'"},
    {{"mlock", "no-mmap", "no-warmup", "no-display-prompt"},
     "there is nothing to switch off here: leave it out"},
};

std::string bare(const std::string& flag) {
  const std::size_t begin = std::min(flag.find_first_not_of('-'), flag.size());
  return flag.substr(begin, flag.find('=') - begin);
}

// The hint for an unknown flag: an answer, the nearest spelling, or nothing.
std::string hint_for(const std::string& flag, const CLI::App& app) {
  const std::string name = bare(flag);
  for (const Habit& h : kHabits)
    if (std::find(h.names.begin(), h.names.end(), name) != h.names.end()) return h.answer;
  std::vector<std::string> names;
  for (const CLI::Option* o : app.get_options())
    for (const std::string& n : o->get_lnames()) names.push_back(n);
  const std::string near = nearest(name, names, 4);
  return near.empty() ? "" : "did you mean --" + near + "?";
}

std::string help_of(const CLI::App& app) {
  const bool sub = app.get_parent() != nullptr;
  return sub ? "see ponder " + app.get_name() + " --help-all" : "see ponder --help";
}

bool takes_value(const CLI::Option* o) { return o && o->get_items_expected_max() > 0; }

// True for a number right after a one-letter flag that takes a number.
bool is_glued_number(const std::string& arg, const CLI::App& app) {
  const CLI::Option* o = app.get_option_no_throw(arg.substr(0, 2));
  if (!takes_value(o)) return false;
  const std::string type = o->get_type_name();
  char* end = nullptr;
  (void)std::strtod(arg.c_str() + 2, &end);
  return (type.starts_with("INT") || type.starts_with("UINT") || type.starts_with("FLOAT")) &&
         *end == '\0';
}

Error refusal(const std::string& arg, const CLI::App& app) {
  if (arg.find(' ') != std::string::npos)
    return {Code::kInvalid, "a flag", "'" + arg + "'", "command line",
            "a text that begins with a dash goes after -p"};
  std::string hint = hint_for(arg, app);
  if (hint.empty() && takes_value(app.get_option_no_throw(arg.substr(0, 2))))
    hint = "write " + arg.substr(0, 2) + " and its value as two arguments";
  return {Code::kInvalid, "a flag of one letter after one dash", arg, "command line",
          hint.empty() ? help_of(app) : hint};
}

constexpr const char* kQuote = "the prompt is one argument: put it in quotes";

bool takes_prompt(const CLI::App& app) { return app.get_option_no_throw("PROMPT") != nullptr; }

std::string command_hint(const CLI::App& app, const std::string& word) {
  if (word.find_first_of(" ?") != std::string::npos)
    return "to ask a model: ponder think \"" + word + "\"";
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  const std::string near = nearest(word, names, 3);
  return near.empty() ? "" : "did you mean ponder " + near + "?";
}

// The hint for arguments that no option takes.
std::string extras_hint(const CLI::App& app, const std::vector<std::string>& extras) {
  for (const std::string& extra : extras) {
    if (extra.size() > 1 && extra[0] == '-') {
      if (std::string hint = hint_for(extra, app); !hint.empty()) return hint;
    } else if (!app.get_parent()) {
      return command_hint(app, extra);
    } else if (takes_prompt(app)) {
      return kQuote;
    }
  }
  return "";
}

}  // namespace

Result<std::vector<std::string>> spelled_arguments(int argc, char** argv, const CLI::App& app) {
  static const std::map<std::string, std::string> kLong{{"-sys", "--system-prompt"},
                                                        {"-no-cnv", "--no-conversation"},
                                                        {"-hf", "--hf-repo"},
                                                        {"-hfr", "--hf-repo"}};
  const CLI::App* at = &app;
  std::vector<std::string> args;
  bool value = false;  // the next argument is a value, whatever it looks like
  for (int i = 1; i < argc; ++i) {
    std::string arg = argv[i];
    if (std::exchange(value, false)) {
      args.push_back(arg);
      continue;
    }
    if (arg == "--") {
      args.insert(args.end(), argv + i, argv + argc);
      break;
    }
    if (const auto it = kLong.find(arg); it != kLong.end()) arg = it->second;
    const bool flag = arg.size() > 1 && arg[0] == '-', long_flag = flag && arg[1] == '-';
    if (flag && !long_flag && arg.size() > 2 && !is_glued_number(arg, *at))
      return refusal(arg, *at);
    if (flag && (long_flag || arg.size() == 2)) value = takes_value(at->get_option_no_throw(arg));
    if (!flag && at == &app)
      for (const CLI::App* sub : app.get_subcommands({}))
        if (sub->get_name() == arg) at = sub;
    args.push_back(arg);
  }
  std::reverse(args.begin(), args.end());
  return args;
}

int usage_error(const CLI::App& app, const CLI::Error& e) {
  const auto parsed = app.get_subcommands();
  if (parsed.empty() && app.remaining().empty()) {  // `ponder` without arguments
    std::cerr << app.help();
    return 2;
  }
  const CLI::App& at = parsed.empty() ? app : *parsed[0];
  std::string hint = extras_hint(at, at.remaining());
  if (hint.empty() && e.get_name() == "ExcludesError" && takes_prompt(at) &&
      at.get_option("PROMPT")->count() > 0)
    hint = kQuote;
  std::string expected = "valid arguments", got = e.what();
  for (const std::string& extra : at.remaining())
    if (extra[0] == '-' && extra.size() > 1) expected = "a known flag", got = extra;
  if (parsed.empty() && app.remaining()[0][0] != '-')
    expected = "a command", got = app.remaining()[0];
  std::cerr << "ponder: expected " << expected << ", got: " << got << "\n  " << hint
            << (hint.empty() ? "" : "\n  ") << help_of(at) << "\n";
  return 2;
}

}  // namespace ponder::app
