// Registration of the shared options, and their meaning.
#include "args.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "ponder/machine.h"

namespace ponder::app {

void fail(Error e) { throw Failure{std::move(e)}; }

void ModelArgs::add(CLI::App& a, bool runs) {
  a.add_option("-m,--model", path, "GGUF file (default: the model that ./quickstart fetched)");
  a.add_option("--chat-template", chat_template,
               "chat template to use instead of the model's: a file, or the text itself");
  a.add_flag("--verbose", verbose, "say on stderr what is done");
  if (!runs) return;
  a.add_option("-t,--threads", threads, "threads (default: the CPUs this process may use)")->check(CLI::Range(1, 1024));
  a.add_option("-c,--ctx-size", n_ctx, "context in tokens (default: the model's, at most 8192)")
      ->check(CLI::Range(1, 1 << 24));
  a.add_option("--precision", precision, "f32, bf16 or auto: of matrix products")
      ->check(CLI::IsMember({"f32", "bf16", "auto"}));
  a.add_option("--weights", weights, "packed, quantised or auto: how weights are held in memory")
      ->check(CLI::IsMember({"packed", "quantised", "auto"}));
  a.add_option("--isa", isa, "best, avx2 or baseline: the most to use of the CPU's instruction sets")
      ->check(CLI::IsMember({"best", "avx2", "baseline"}));
}

ModelOptions ModelArgs::options() const {
  limit_instruction_set(isa == "avx2"       ? InstructionSet::kAvx2
                        : isa == "baseline" ? InstructionSet::kBaseline
                                            : InstructionSet::kBest);
  ModelOptions o;
  o.n_threads = threads;
  o.precision = precision == "f32" ? Precision::kF32 : precision == "bf16" ? Precision::kBF16 : Precision::kAuto;
  o.weights = weights == "packed"      ? WeightForm::kPacked
              : weights == "quantised" ? WeightForm::kQuantised
                                       : WeightForm::kAuto;
  return o;
}

void TextArgs::add(CLI::App& a, const std::string& what) {
  auto* p = a.add_option("-p,--prompt", text, what);
  a.add_option("-f,--file", file, "the same, from a file; - is stdin")->excludes(p);
}

void PromptArgs::add(CLI::App& a) {
  TextArgs::add(a, "the user's message (with -no-cnv: raw text); a lone argument is the same");
  a.add_option("PROMPT", text, "the same as -p")->excludes(a.get_option("--prompt"))->excludes(a.get_option("--file"));
  a.get_option("--file")->description("the same, from a file; - is stdin; in chat without its last line end");
  auto* s = a.add_option("--system-prompt", system, "system message (also -sys)");
  a.add_flag("--no-conversation", raw, "raw text, no chat template (also -no-cnv)")->excludes(s);
}

void LineArgs::add(CLI::App& a) {
  a.add_option("--input", input, "requests, one JSON object a line; - is stdin");
  a.add_flag("--json", json, "print one JSON object");
  a.add_flag("--jsonl", jsonl, "print one JSON object a line");
}

void LawArgs::add(CLI::App& a) {
  a.add_option("-n,--predict,--max-length", horizon, "most tokens of a reply, its end token counted")
      ->check(CLI::Range(1, 1 << 24));
  a.add_option("--target", target, "which replies count: ended, truncated or fixed")
      ->check(CLI::IsMember({"ended", "truncated", "fixed"}));
  a.add_option("--length", length, "exact length of replies (with --target fixed)")->check(CLI::Range(1, 1 << 24));
  a.add_option("--min-length", min_length, "fewest tokens of a reply, its end token counted")
      ->check(CLI::Range(0, 1 << 24));
  a.add_option("--allow-ids", allowed, "restrict the law to these token ids, e.g. 5,9,13")->delimiter(',');
}

ReplyLaw LawArgs::law(int default_horizon, int n_prompt, const CausalDensity& d) const {
  ReplyLawConfig c;
  c.target = *parse_target(target);
  c.min_length = min_length;
  c.allowed = allowed;
  if (c.target == Target::kFixed && length == 0)
    fail({Code::kInvalid, "--length N with --target fixed", "no --length", "command line",
          "say how many tokens a reply has"});
  if (c.target != Target::kFixed && length != 0)
    fail({Code::kInvalid, "--length only with --target fixed", "--target " + target, "command line",
          "use --max-length"});
  const int asked = length ? length : horizon, room = d.n_ctx() - n_prompt;
  if (room < 1 || asked > room)
    fail({Code::kInvalid, "a prompt and reply of at most " + std::to_string(d.n_ctx()) + " tokens",
          std::to_string(n_prompt) + " of prompt and " + std::to_string(std::max(asked, 1)) + " of reply", "context",
          "shorten them, or raise -c/--ctx-size"});
  c.horizon = asked ? asked : std::min(default_horizon, room);
  return must(ReplyLaw::make(c, d.n_vocab(), d.end_tokens()));
}

void DecodeArgs::add(CLI::App& a) {
  a.add_option("--temp", config.temperature, "temperature; 0 is greedy");
  a.add_option("--top-k", config.top_k, "draw from the k most likely tokens; 0: off");
  a.add_option("--top-p", config.top_p, "draw from the most likely tokens that hold probability p; 1: off");
  a.add_option("--min-p", config.min_p, "drop tokens below p times the most likely; 0: off");
  a.add_option("--repeat-penalty", config.repetition_penalty, "on logits of tokens already in the reply; 1: off");
  a.add_option("-s,--seed", config.seed, "seed of the draws")->check([](const std::string& s) {
    return s.starts_with('-') ? "expected a number from 0, got " + s : "";
  });
}

void BudgetArgs::add(CLI::App& a) {
  a.add_option("--budget", text, "time, tokens pushed through the network, or both: 10 or 10s, 1m, 5000t, 10s,5000t");
}

Budget BudgetArgs::budget() const {
  Budget b = parse_budget(text, "--budget");
  b.stop = &stop_flag();
  return b;
}

Budget parse_budget(const std::string& text, const std::string& flag) {
  constexpr double kMinute = 60;
  Budget b;
  if (text.empty()) return b;
  const auto bad = [&] {
    fail({Code::kInvalid, "a budget as 10 or 10s (seconds), 1m (minutes), 5000t (tokens), or 10s,5000t",
          "'" + text + "'", flag, ""});
  };
  bool timed = false, counted = false;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, end - at);
    char* rest = nullptr;
    const double n = std::strtod(part.c_str(), &rest);
    const std::string unit = rest;
    if (rest == part.c_str() || !(n >= 0) || !std::isfinite(n)) bad();
    if (unit == "t" && !counted)
      b.tokens = static_cast<std::int64_t>(std::min(n, 9e18));
    else if ((unit.empty() || unit == "s" || unit == "m") && !timed)
      b.seconds = unit == "m" ? kMinute * n : n;
    else
      bad();
    (unit == "t" ? counted : timed) = true;
    at = end + 1;
  }
  return b;
}

}  // namespace ponder::app
