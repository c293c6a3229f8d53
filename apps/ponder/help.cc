// --help and --help-all. The first screen of each command is chosen here by hand; the rest is made
// from the registered options.
#include "help.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "option_table.h"

namespace ponder::app {
namespace {

constexpr std::size_t kWidth = 79, kColumn = 26, kExamples = 2;

// A flag on a first screen, in words for newcomers; "": the option's own description.
struct Shown {
  const char *option, *words = "";
};
struct Screen {
  const char* command;
  std::vector<Shown> flags;
};

constexpr Shown kModel{"model", "file or name (default: what ./quickstart fetched)"};
constexpr Shown kPrompt{"prompt", "the message; a lone argument is the same"};
constexpr Shown kFile{"file", "the message, from a file; - is stdin"};
constexpr Shown kSystem{"system-prompt", "a system message (also -sys)"};
constexpr Shown kRaw{"no-conversation", "raw text, no chat template (also -no-cnv)"};
constexpr Shown kMost{"predict", "most tokens of a reply"};
constexpr Shown kSeed{"seed", "seed of the random numbers"};
constexpr Shown kJson{"json", "print one JSON object"};
constexpr Shown kInput{"input", "requests, a JSON object a line; - is stdin"};
constexpr Shown kBudget{"budget", "time or work to spend, e.g. 10s"};
constexpr Shown kAnswerMap{"answer", "what counts as the answer: auto, yesno, number, …"};
constexpr Shown kWay{"way", "how to find it (--help-all lists the ways)"};
constexpr Shown kDraws{"draws", "most replies that are drawn"};
constexpr Shown kReply{"reply", "the reply"};
constexpr Shown kEnd{"end", "append the token that ends a reply"};

const std::vector<Screen> kScreens{
    {"generate",
     {kModel,
      kPrompt,
      kFile,
      kSystem,
      kRaw,
      kMost,
      {"temp", "0: the likeliest token each time; above: at random"},
      {"top-p", "only the likeliest tokens with this probability"},
      kSeed,
      {"beam", "search with so many replies side by side"},
      {"best-of", "the likeliest of N replies (with --temp)"},
      kJson,
      kInput}},
    {"think",
     {kModel,
      kPrompt,
      kFile,
      kSystem,
      kRaw,
      kBudget,
      kMost,
      {"patience", "end after so much without a likelier reply"},
      {"temp", "above 0: the first reply is made at random"},
      kSeed,
      {"method", "how to search (--help-all lists them)"},
      kJson,
      kInput}},
    {"answer",
     {kModel,
      kPrompt,
      kFile,
      kSystem,
      kBudget,
      kMost,
      kAnswerMap,
      kWay,
      kDraws,
      kSeed,
      {"risk", "\"I don't know\" beyond this risk of error"},
      {"certificate", "write what is proved to a file"},
      {"check", "verify such a file"},
      kJson,
      kInput}},
    {"calibrate",
     {kModel,
      {"questions", "questions with known answers"},
      kBudget,
      kMost,
      kAnswerMap,
      kWay,
      kDraws,
      kSeed,
      {"risk", "the share of errors that the report speaks of"},
      {"out", "file to keep it in"},
      kJson}},
    {"prove",
     {kModel,
      kPrompt,
      kFile,
      kSystem,
      kRaw,
      kBudget,
      kMost,
      {"n-best", "the N most likely replies"},
      {"per-length", "the most likely reply of each length"},
      {"certificate", "write what is proved to a file"},
      {"check", "verify such a file"},
      kJson,
      kInput}},
    {"sample",
     {kModel,
      kPrompt,
      kFile,
      kRaw,
      {"alpha", "power of the probability; 1 is the model"},
      kMost,
      {"chains", "replies that move side by side"},
      {"draws", "replies kept of each chain"},
      {"warmup", "steps before the first kept reply"},
      {"kernel", "how they move: suffix, slice, hmc, …"},
      {"out", "file for the kept replies: .nc or .jsonl"},
      {"resume", "continue the run of --out"},
      {"budget", "time or work to spend"},
      kSeed,
      kJson}},
    {"serve",
     {kModel,
      {"host", "address to listen at"},
      {"port", "port to listen at; 0: any that is free"},
      {"api-key-file", "file of keys; a request must show one of them"},
      {"jobs", "requests that are worked on at the same time"}}},
    {"landscape",
     {{"out", "NAME of the files NAME.png, NAME.svg, NAME.csv"},
      kModel,
      kPrompt,
      kFile,
      kRaw,
      kMost,
      {"toy", "two hills instead of a model"},
      {"size", "cells along each side"},
      {"alpha"},
      {"seeds", "starts, each with a path of either method"},
      {"points", "points of each path"},
      kSeed,
      kJson}},
    {"decide",
     {kModel,
      {"prompt", "the text; a lone argument is the same"},
      {"file", "the text, from a file; - is stdin"},
      kRaw,
      {"choice"},
      {"predicate"},
      {"score"},
      {"question"},
      {"prior"},
      {"orders", "letters in all cyclic orders, averaged"},
      kJson,
      {"input", "bodies of /v1/decisions, one a line; - is stdin"}}},
    {"score",
     {kModel,
      kPrompt,
      kFile,
      kRaw,
      kReply,
      kEnd,
      {"alpha", "also log-sum-exp of alpha log p, of each row"},
      {"pseudo", "also the pseudo-likelihood, over N candidates"},
      {"logits", "folder for the logits after each prompt"},
      {"template-only", "only render the chat template"},
      kJson,
      kInput}},
    {"grad",
     {kModel,
      kPrompt,
      kFile,
      kRaw,
      kReply,
      kEnd,
      {"out", "folder for the gradients, LINE.npy"},
      {"check", "compare with finite differences instead"},
      {"directions", "with --check: random directions a line"},
      {"precision", "precision of matrix products"},
      kInput}},
    {"tokenize",
     {kModel,
      {"prompt", "the text"},
      {"file", "the text, from a file; - is stdin"},
      {"no-parse-special"},
      kJson,
      kInput}},
    {"detokenize", {kModel, {"ids"}, kJson, kInput}},
    {"design",
     {{"fitness", "JSON: a file, or the text (docs/dna.md)"},
      {"length", "letters of a design"},
      {"n", "designs"},
      {"method", "sample, or the best by anneal, ascent, …"},
      {"tau", "temperature: near 0, only the best"},
      {"start", "FASTA file: the sequence to edit"},
      {"max-edits", "most positions that differ from it"},
      {"score", "FASTA file: only score its sequences"},
      {"out", "file of the designs"},
      {"budget", "time or work to spend, e.g. 30s"},
      kSeed,
      kJson}},
    {"models", {kJson}},
    {"info", {kModel, {"threads"}, {"json"}}},
    {"bench",
     {kModel,
      {"threads", "(default: the CPUs it may use)"},
      {"only", "run only these pieces of work"},
      {"repeats", "runs of each"},
      {"format"},
      kJson}},
};

std::string line(const std::string& names, const std::string& words) {
  std::string s = "  " + names;
  s += s.size() + 2 > kColumn ? "\n" + std::string(kColumn, ' ')
                              : std::string(kColumn - s.size(), ' ');
  return s + wrapped(words, kWidth, kColumn) + "\n";
}

std::string option_line(const OptionRow& o, const std::string& words) {
  return line(o.names(),
              words + (o.default_value.empty() ? "" : " (default: " + o.default_value + ")"));
}

const OptionRow& find(const CommandRow& c, const std::string& name) {
  for (const OptionRow& o : c.options)
    if (std::find(o.longs.begin(), o.longs.end(), name) != o.longs.end()) return o;
  std::fprintf(stderr, "bug: the first screen of ponder %s has --%s, which is no option of it\n",
               c.name.c_str(), name.c_str());
  std::abort();
}

bool has_prompt(const CommandRow& c) {
  return std::any_of(c.options.begin(), c.options.end(),
                     [](const OptionRow& o) { return o.longs.empty() && o.shorts.empty(); });
}

std::string head(const CommandRow& c) {
  return wrapped("ponder " + c.name + ": " + c.description, kWidth, 0) + "\nUsage: ponder " +
         c.name + " [FLAGS]" + (has_prompt(c) ? " \"PROMPT\"" : "") + "\n";
}

// Examples that fit on a line come first.
std::string examples(const CommandRow& c, std::size_t most) {
  std::vector<std::string> all = c.examples;
  if (all.size() > most)
    std::stable_partition(all.begin(), all.end(),
                          [](const std::string& s) { return s.size() <= kWidth; });
  std::string s = "Examples:\n";
  for (std::size_t i = 0; i < std::min(most, all.size()); ++i) s += all[i] + "\n";
  return s;
}

std::string first_screen(const CommandRow& c) {
  std::string s = head(c);
  for (const Screen& screen : kScreens)
    if (c.name == screen.command)
      for (const Shown& f : screen.flags) {
        OptionRow o = find(c, f.option);
        o.longs.resize(1);
        s += option_line(o, *f.words ? f.words : o.description);
      }
  return s + line("--help-all", "every flag, what words mean, what requests hold") +
         examples(c, kExamples);
}

std::string all_of(const CommandRow& c) {
  std::string s = head(c) + "\n";
  for (const OptionRow& o : c.options)
    if (!o.longs.empty()) s += option_line(o, o.description);
  s += "\n" +
       wrapped(
           "Every flag is also read from the environment, as PONDER_MAX_LENGTH for --max-length.",
           kWidth, 0) +
       "\n";
  if (!c.notes.empty()) s += "\n" + wrapped(c.notes, kWidth, 0) + "\n";
  if (!c.requests.empty())
    s += "\n" + wrapped("--input takes " + c.requests + " (docs/requests.md).", kWidth, 0) + "\n";
  if (const auto words = words_in(s); !words.empty()) {
    s += "\nWords:\n";
    for (const Word& w : words) s += line(w.word, w.meaning);
  }
  return s + "\n" + examples(c, c.examples.size());
}

std::string spaced(std::string names) {
  if (const std::size_t comma = names.find(','); comma != std::string::npos)
    names.insert(comma + 1, " ");
  return names;
}

std::string overview(const CLI::App& app) {
  std::string s =
      app.get_description() + "\nUsage: ponder COMMAND [FLAGS]; ponder COMMAND --help says which\n";
  for (const CLI::Option* o : app.get_options())
    if (!o->get_group().empty())
      s +=
          line(spaced(o->get_name(false, true)) + (o->get_items_expected_max() > 0 ? " SHELL" : ""),
               o->get_description());
  s += "Subcommands:\n";
  for (const CLI::App* sub : app.get_subcommands({}))
    s += line(sub->get_name(), sub->get_description());
  return s;
}

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() {
  return std::make_shared<CLI::FormatterLambda>(
      [](const CLI::App* app, const std::string&, CLI::AppFormatMode mode) {
        if (!app->get_parent()) return overview(*app);
        const CommandRow c = command_row(*app);
        return mode == CLI::AppFormatMode::All ? all_of(c) : first_screen(c);
      });
}

}  // namespace ponder::app
