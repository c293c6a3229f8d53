// ponder: one program, one file a subcommand. Here: the table of subcommands, spelling of flags, signals and exit
// codes.
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>

#include "base/nearest.h"
#include "output.h"

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
    {"sample", "draws from p^alpha by Markov chains, with their diagnostics", add_sample},
    {"think", "a better reply under a budget, with proof where there is one", add_think},
    {"prove", "the most likely reply, proved, or a certified gap", add_prove},
    {"landscape", "a picture of ascent, trapped, and of Hamiltonian Monte Carlo, crossing", add_landscape},
    {"design", "DNA sequences for a fitness", add_design},
    {"info", "what is in a model file", add_info},
    {"bench", "speed of this machine", add_bench},
};

std::atomic<bool> g_stop{false};
std::atomic<int> g_signal{0};

extern "C" void on_signal(int s) {
  if (g_stop.exchange(true)) _exit(128 + s);  // a second one does not wait
  g_signal = s;
}

// CLI11 2.1 has no short flags of several letters: it would read "-temp" as "-t emp".
std::vector<std::string> long_names(int argc, char** argv, const CLI::App& app) {
  const std::map<std::string, std::string> map{{"-sys", "--system-prompt"}, {"-no-cnv", "--no-conversation"}};
  std::vector<std::string> args;
  for (int i = argc - 1; i > 0; --i) {  // CLI11 takes them last first
    const std::string arg = argv[i];
    const auto it = map.find(arg);
    args.push_back(it == map.end() ? arg : it->second);
    if (it != map.end() || arg.size() < 3 || arg[0] != '-' || arg[1] == '-') continue;
    for (const CLI::App* sub : app.get_subcommands({}))
      for (const CLI::Option* o : sub->get_options())
        if (o->check_lname(arg.substr(1)))
          fail({Code::kInvalid, "a flag of one letter after one dash", arg, "command line",
                "did you mean -" + arg + "?"});
  }
  return args;
}

// PONDER_<FLAG> for every long name of what the command line leaves open. Not by CLI11's own means: it reads the
// environment for commands that were not asked for, too, and knows one name an option.
void read_environment(CLI::App& sub) {
  for (CLI::Option* o : sub.get_options()) {
    const auto& excluded = o->get_excludes();
    if (std::any_of(excluded.begin(), excluded.end(), [](const CLI::Option* x) { return x->count() > 0; })) continue;
    for (const std::string& flag : o->get_lnames()) {
      std::string name = "PONDER_";
      for (char c : flag) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
      const char* value = std::getenv(name.c_str());
      if (o->count() > 0 || !value || !*value || flag == "help") continue;
      o->add_result(value);
      o->run_callback();
    }
  }
}

int usage_error(const CLI::App& app, const CLI::ParseError& e) {
  std::string hint = "see ponder --help";
  for (const CLI::App* sub : app.get_subcommands()) {
    hint = "see ponder " + sub->get_name() + " --help";
    std::vector<std::string> flags;
    for (const CLI::Option* o : sub->get_options())
      for (const auto& n : o->get_lnames()) flags.push_back("--" + n);
    for (const std::string& extra : sub->remaining()) {
      const std::string word = extra.substr(0, extra.find('='));
      const std::string near = nearest(word, flags, 4);
      if (!near.empty() && word.starts_with("-")) hint.insert(0, "did you mean " + near + "? ");
    }
  }
  if (app.get_subcommands().empty()) {
    std::vector<std::string> names;
    for (const Command& c : kCommands) names.emplace_back(c.name);
    for (const std::string& extra : app.remaining())
      if (const std::string near = nearest(extra, names, 3); !near.empty())
        hint.insert(0, "did you mean ponder " + near + "? ");
  }
  std::cerr << "ponder: expected valid arguments, got: " << e.what() << "\n  " << hint << "\n";
  return 2;
}

int run(int argc, char** argv) {
  CLI::App app{"ponder makes a frozen language model think before it speaks"};
  app.set_version_flag("--version", "ponder " PONDER_VERSION);
  app.require_subcommand(1);
  std::map<std::string, Run> runs;
  for (const Command& c : kCommands) {
    CLI::App* sub = app.add_subcommand(c.name, c.help);
    runs[c.name] = c.add(*sub);
  }
  try {
    app.parse(long_names(argc, argv, app));
    read_environment(*app.get_subcommands()[0]);
  } catch (const CLI::Success& e) {  // --help, --version
    std::ostringstream text;
    const int code = app.exit(e, text, std::cerr);
    write(text.str());
    flush();
    return code;
  } catch (const CLI::ParseError& e) {
    return usage_error(app, e);
  }
  const int code = runs.at(app.get_subcommands()[0]->get_name())();
  flush();
  return g_signal ? 128 + g_signal : code;
}

}  // namespace

std::atomic<bool>& stop_flag() { return g_stop; }

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
  } catch (const ClosedPipe&) {
    return 0;
  } catch (const Failure& f) {
    std::cerr << "ponder: " << f.error.message() << "\n";
    return exit_code(f.error);
  } catch (const std::exception& e) {
    std::cerr << "ponder: expected to finish, got: " << e.what() << "\n";
    return 1;
  }
}
