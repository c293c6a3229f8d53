// ponder: one program with one source file per subcommand. This file has the table of subcommands,
// the environment, signals and exit codes.
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>

#include "args.h"
#include "completion.h"
#include "flags.h"
#include "help.h"
#include "output.h"
#include "ponder/core/version.h"

namespace ponder::app {
namespace {

struct Command {
  const char *name, *help;
  Run (*add)(CLI::App&);
};
constexpr Command kCommands[] = {
    {"generate", "the ordinary first reply", add_generate},
    {"score", "log-probabilities of given replies", add_score},
    {"grad", "gradient of a reply's log-probability", add_grad},
    {"tokenize", "text to token ids", add_tokenize},
    {"detokenize", "token ids to text", add_detokenize},
    {"sample", "replies drawn in proportion to p^alpha, by chains", add_sample},
    {"think", "a likelier reply within a budget, proved if possible", add_think},
    {"prove", "the most likely reply, proved, or a certified gap", add_prove},
    {"answer", "the likeliest answer, with its mass and proof", add_answer},
    {"calibrate", "how likely answers are right, by known questions", add_calibrate},
    {"decide", "typed questions on a text, by scoring their labels", add_decide},
    {"landscape", "a picture of two ways to a likelier reply", add_landscape},
    {"design", "DNA sequences for a fitness", add_design},
    {"serve", "the model behind OpenAI's API, over HTTP", add_serve},
    {"models", "the models on this machine", add_models},
    {"info", "what is in a model file", add_info},
    {"bench", "speed of this machine", add_bench},
};

std::atomic<bool> g_working{false}, g_stop{false};
std::atomic<int> g_signal{0};

// Before work has begun, there is nothing to print, so a signal ends the program at once. A second
// signal does not wait for the work to stop.
extern "C" void on_signal(int s) {
  if (!g_working || g_stop.exchange(true)) {
    // the terminal's line may not be empty
    if (isatty(STDERR_FILENO)) (void)!::write(STDERR_FILENO, "\n", 1);
    _exit(128 + s);
  }
  g_signal = s;
}

// Reads PONDER_<FLAG> for every long flag that the command line does not set. CLI11's own support
// is not used, since it also reads the environment for commands that were not called, and knows
// only one name per option.
void read_environment(CLI::App& sub) {
  for (CLI::Option* o : sub.get_options()) {
    const auto& excluded = o->get_excludes();
    if (std::any_of(excluded.begin(), excluded.end(),
                    [](const CLI::Option* x) { return x->count() > 0; }))
      continue;
    for (const std::string& flag : o->get_lnames()) {
      std::string name = "PONDER_";
      for (char c : flag) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
      const char* value = std::getenv(name.c_str());
      if (o->count() > 0 || !value || !*value || flag.starts_with("help")) continue;
      o->add_result(value);
      o->run_callback();
    }
  }
}

void add_print_outs(CLI::App& app) {
  app.set_version_flag("--version", "ponder " + std::string(kVersion));
  app.set_help_flag("-h,--help", "the flags that are used most, or the commands");
  app.set_help_all_flag("--help-all", "with a command: every flag, and what requests hold");
  app.add_option_function<std::string>(
         "--completion",
         [&app](const std::string& shell) {
           throw CLI::CallForVersion(completion_script(command_rows(app), shell),
                                     CLI::ExitCodes::Success);
         },
         "print the completion script for bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app.add_flag_callback(
         "--man",
         [&app] {
           throw CLI::CallForVersion(man_page(command_rows(app), std::string(kVersion)),
                                     CLI::ExitCodes::Success);
         },
         "print the man page")
      ->group("");  // packagers' affair, which the overview has no line for
}

// Flushes the output, reports an error, and returns the exit code.
int finish(Result<int> code) {
  flush();
  if (code.ok() && !output_status().ok()) code = output_status().error();
  if (!code.ok()) {
    std::cerr << "ponder: " << code.error().message() << "\n";
    code = exit_code(code.error());
  }
  return g_signal ? 128 + g_signal : *code;
}

int run(int argc, char** argv) {
  CLI::App app{"ponder makes a frozen language model think before it speaks"};
  app.formatter(help_formatter());
  app.option_defaults()->always_capture_default();
  add_print_outs(app);
  app.require_subcommand(1);
  std::map<std::string, Run> runs;
  for (const Command& c : kCommands) {
    CLI::App* sub = app.add_subcommand(c.name, c.help);
    runs[c.name] = c.add(*sub);
    // A list, such as that of --method, is one argument, and the next argument is the prompt.
    if (sub->get_option_no_throw("PROMPT"))
      for (CLI::Option* o : sub->get_options()) o->allow_extra_args(false);
  }
  auto arguments = spelled_arguments(argc, argv, app);
  if (!arguments.ok()) return finish(arguments.error());
  try {  // CLI11 reports errors by exceptions
    app.parse(std::move(*arguments));
    read_environment(*app.get_subcommands()[0]);
  } catch (const CLI::Success& e) {  // --help, --version
    std::ostringstream text;
    const int code = app.exit(e, text, std::cerr);
    write(text.str());
    return finish(code);
  } catch (const CLI::ParseError& e) {
    return usage_error(app, e);
  }
  return finish(runs.at(app.get_subcommands()[0]->get_name())());
}

}  // namespace

std::atomic<bool>& stop_flag() { return g_stop; }
void work_begins() { g_working = true; }

}  // namespace ponder::app

int main(int argc, char** argv) {
  using namespace ponder::app;
  std::signal(SIGPIPE, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {  // the program itself has too little memory, for example
    std::cerr << "ponder: expected to finish, got: " << e.what() << "\n";
    return 1;
  }
}
