// Registers the shared options and converts their values.
#include "args.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "open_model.h"
#include "ponder/core/machine.h"
#include "ponder/session/specs.h"

namespace ponder::app {

void ModelArgs::add(CLI::App& a, bool runs) {
  auto* file =
      a.add_option("-m,--model", path,
                   "GGUF file, or a name that ponder models lists (default: the model that "
                   "./quickstart fetched)");
  a.add_option("--hf-repo", repository,
               "ORG/NAME or ORG/NAME:QUANT of a model fetched before, by any program (also -hf)")
      ->excludes(file);
  a.add_option("--chat-template", chat_template,
               "chat template to use instead of the model's: a file, or the text itself");
  a.add_flag("--verbose", verbose, "print details on stderr");
  if (!runs) return;
  a.add_option("-t,--threads", threads, "threads (default: the CPUs this process may use)")
      ->check(CLI::Range(1, 1024));
  a.add_option("-c,--ctx-size", n_ctx, "context in tokens (default: the model's, at most 8192)")
      ->check(CLI::Range(1, 1 << 24));
  a.add_option("--precision", precision, "f32, bf16 or auto: of matrix products")
      ->check(CLI::IsMember({"f32", "bf16", "auto"}));
  a.add_option("--weights", weights,
               "packed (fast), lean (small), quantised (in the file) or auto: how weights are held "
               "in memory")
      ->check(CLI::IsMember({"packed", "lean", "quantised", "auto"}));
  a.add_option("--isa", isa, "best, avx2 or baseline: limit on the CPU's instruction sets")
      ->check(CLI::IsMember({"best", "avx2", "baseline"}));
}

Result<std::string> TextArgs::read() const {
  std::string content = text;
  if (!file.empty()) {
    PONDER_ASSIGN(content, read_all(file));
  }
  if (content.empty())
    return Error{Code::kInvalid, "a text", "none", "command line",
                 "give one with -p, -f or --input"};
  return content;
}

Result<PromptRequest> PromptArgs::request() const {
  PONDER_ASSIGN(std::string s, read());
  if (raw) return PromptRequest(RawText{.text = std::move(s)});
  if (!file.empty() && s.ends_with('\n')) s.erase(s.size() - (s.ends_with("\r\n") ? 2 : 1));
  return PromptRequest(Conversation::ask(s, system));
}

ModelOptions ModelArgs::options() const {
  limit_instruction_set(isa == "avx2"       ? InstructionSet::kAvx2
                        : isa == "baseline" ? InstructionSet::kBaseline
                                            : InstructionSet::kBest);
  ModelOptions o;
  o.n_threads = threads;
  o.precision = precision == "f32"    ? Precision::kF32
                : precision == "bf16" ? Precision::kBF16
                                      : Precision::kAuto;
  o.weights = parse_weight_form(weights).value_or(WeightForm::kAuto);
  return o;
}

void TextArgs::add(CLI::App& a, const std::string& what) {
  auto* p = a.add_option("-p,--prompt", text, what);
  a.add_option("-f,--file", file, "the same, from a file; - is stdin")->excludes(p);
}

void PromptArgs::add(CLI::App& a) {
  TextArgs::add(a, "the user's message (with -no-cnv: raw text); a lone argument is the same");
  a.add_option("PROMPT", text, "the same as -p")
      ->excludes(a.get_option("--prompt"))
      ->excludes(a.get_option("--file"));
  a.get_option("--file")->description(
      "the same, from a file; - is stdin; in chat without its last line end");
  auto* s = a.add_option("--system-prompt", system, "system message (also -sys)");
  a.add_flag("--no-conversation", raw, "raw text, no chat template (also -no-cnv)")->excludes(s);
}

void LineArgs::add(CLI::App& a) {
  a.add_option("--input", input, "file of requests, one JSON object per line; - is stdin");
  a.add_flag("--json", json, "print one JSON object");
  a.add_flag("--jsonl", jsonl, "print one JSON object per line");
}

void LawArgs::add(CLI::App& a) {
  a.add_option("-n,--predict,--max-length", lengths.max_length,
               "most tokens of a reply, its end token counted")
      ->check(CLI::Range(1, 1 << 24));
  a.add_option("--target", target, "which replies count: ended, truncated or fixed")
      ->check(CLI::IsMember({"ended", "truncated", "fixed"}));
  a.add_option("--length", lengths.length, "exact length of replies (with --target fixed)")
      ->check(CLI::Range(1, 1 << 24));
  a.add_option("--min-length", lengths.min_length,
               "fewest tokens of a reply, its end token counted")
      ->check(CLI::Range(0, 1 << 24));
  a.add_option("--allow-ids", lengths.allowed, "restrict the law to these token ids, e.g. 5,9,13")
      ->delimiter(',');
}

LawRequest LawArgs::request() const {
  LawRequest r = lengths;
  r.target = parse_target(target).value_or(Target::kEnded);
  return r;
}

void DecodeArgs::add(CLI::App& a) {
  a.add_option("--temp", config.temperature, "temperature; 0 is greedy");
  a.add_option("--top-k", config.top_k, "draw from the k most likely tokens; 0: off");
  a.add_option("--top-p", config.top_p,
               "draw from the most likely tokens that hold probability p; 1: off");
  a.add_option("--min-p", config.min_p, "drop tokens below p times the most likely; 0: off");
  a.add_option("--repeat-penalty", config.repetition_penalty,
               "on logits of tokens already in the reply; 1: off");
  a.add_option("-s,--seed", config.seed, "seed of the draws")->check([](const std::string& s) {
    return s.starts_with('-') ? "expected a number from 0, got " + s : "";
  });
}

void BudgetArgs::add(CLI::App& a) {
  a.add_option("--budget", text,
               "time, tokens pushed through the network, or both: 10 or 10s, 1m, 5000t, 10s,5000t");
}

Result<Budget> BudgetArgs::budget() const {
  PONDER_ASSIGN(Budget b, parse_budget(text, "--budget"));
  b.stop = &stop_flag();
  return b;
}

}  // namespace ponder::app
