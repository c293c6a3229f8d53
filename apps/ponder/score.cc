// ponder score: log-probabilities of given replies. Lines are scored in batches, in order and in constant memory; lines
// with the same prompt share its keys and values. A batch is what can be read without waiting.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/files.h"
#include "ponder/pseudo.h"

namespace ponder::app {
namespace {

struct Args {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  std::string reply, logits_dir;
  double alpha = 0;
  int pseudo = 0;
  bool end = false, template_only = false;
  std::vector<Token> allowed;
};

// A line, and its numbers or its error.
struct Line {
  int number = 0;
  std::vector<Token> prompt, reply;
  std::string error;
  std::vector<Row> rows;
  std::vector<float> logits;
  std::optional<PseudoLikelihood> pseudo;
};

class Scorer {
 public:
  Scorer(const Args& a, Engine& e) : args_(a), density_(*e.density), prompts_(*e.density) {
    const int n = density_.n_vocab();
    for (Token v : a.allowed)
      if (v < 0 || v >= n)
        fail({Code::kInvalid, "allowed ids from 0 to " + std::to_string(n - 1), std::to_string(v), "--allow-ids", ""});
    if (!a.allowed.empty()) mask_ = TokenMask::only(n, a.allowed);
  }
  void add(Line l) {
    constexpr std::size_t kLines = 64, kTokens = 8192;  // of a batch: what bounds the memory
    const auto same = [&](const Line& x) { return x.prompt == l.prompt; };
    const bool known = std::any_of(lines_.begin(), lines_.end(), same);
    const std::size_t n = l.reply.size() + (known ? 0 : l.prompt.size());
    if (lines_.size() >= kLines || tokens_ + n > kTokens) run();
    tokens_ += n;
    lines_.push_back(std::move(l));
  }
  void run() {
    if (lines_.empty()) return;
    score(lines_);
    for (const Line& l : lines_) print(l);
    lines_.clear();
    tokens_ = 0;
  }
  void extend(std::span<Line>);  // in one pass
  int code() const { return code_; }

 private:
  void score(std::span<Line>);
  void print(const Line&) const;

  const Args& args_;
  LanguageDensity& density_;
  Prompts prompts_;
  std::optional<TokenMask> mask_;
  std::vector<Line> lines_;
  std::size_t tokens_ = 0;
  int code_ = 0;
};

// A batch that fails is halved until what fails is one line, which takes the error.
void Scorer::score(std::span<Line> lines) {
  try {
    extend(lines);
  } catch (const Failure& f) {
    if (lines.size() > 1) {
      score(lines.first(lines.size() / 2));
      score(lines.subspan(lines.size() / 2));
      return;
    }
    lines[0].error = f.error.message();
    code_ = std::max(code_, exit_code(f.error));
  }
}

void Scorer::extend(std::span<Line> lines) {
  std::vector<Extend> batch;
  const TokenMask* mask = mask_ ? &*mask_ : nullptr;
  for (const Line& l : lines) {
    if (!l.error.empty()) continue;
    const auto n = static_cast<int>(l.prompt.size() + l.reply.size()), most = density_.n_ctx();
    if (n > most)
      fail({Code::kInvalid, "a prompt and reply of at most " + std::to_string(most) + " tokens", std::to_string(n),
            "context", "shorten them, or raise -c/--ctx-size"});
    const PrefixRef p = prompts_.get(l.prompt);
    Needs needs;
    if (args_.alpha > 0) needs = {.alpha = args_.alpha, .lz = true};
    batch.push_back({.parent = p, .tokens = l.reply, .rows = RowSet::kTargets, .needs = needs, .masks = {mask}});
    if (!args_.logits_dir.empty())
      batch.push_back(
          {.parent = p, .rows = RowSet::kLast, .needs = {.draw = {.kind = Draw::Kind::kRow}}, .masks = {mask}});
  }
  Rows rows;
  must(density_.extend(batch, rows));
  std::size_t r = 0;
  for (Line& l : lines) {
    if (!l.error.empty()) continue;
    const auto scored = rows.of(r++);
    l.rows.assign(scored.begin(), scored.end());
    if (!args_.logits_dir.empty()) l.logits = std::move(rows.of(r++)[0].logits);
    if (args_.pseudo > 0)
      l.pseudo = must(pseudo_likelihood(density_, prompts_.get(l.prompt), l.reply, args_.pseudo, mask));
  }
}

void Scorer::print(const Line& l) const {
  if (!l.error.empty()) return write_line(error_line(l.number, l.error));
  std::vector<double> lp, lz;
  double sum = 0;
  for (const Row& r : l.rows) {
    lp.push_back(r.logprob);
    sum += r.logprob;
    lz.push_back(r.lz);
  }
  Json j{{"prompt_ids", l.prompt}, {"reply_ids", l.reply}, {"logprobs", lp}, {"sum", sum}};
  if (args_.alpha > 0) j["lz"] = lz;
  if (l.pseudo)
    j["pseudo"] = {{"k", args_.pseudo},
                   {"logprobs", l.pseudo->logprobs},
                   {"sum", l.pseudo->sum},
                   {"candidates", l.pseudo->candidates}};
  if (!l.logits.empty())
    must(write_npy(args_.logits_dir + "/" + std::to_string(l.number) + ".npy", l.logits,
                   {static_cast<std::int64_t>(l.logits.size())}));
  write_json(j);
}

// Token by token, for people.
void print_table(const Line& l, const Tokenizer& t) {
  const auto number = [](double x) {
    char s[32];
    std::snprintf(s, sizeof s, "%9.4f  ", x);
    return std::string(s);
  };
  double sum = 0;
  for (std::size_t i = 0; i < l.reply.size(); ++i) {
    sum += l.rows[i].logprob;
    write(number(l.rows[i].logprob) + (l.pseudo ? number(l.pseudo->logprobs[i]) : "") +
          Json(t.piece(l.reply[i])).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  write(number(sum) + (l.pseudo ? number(l.pseudo->sum) : "") + (l.pseudo ? "log p, pseudo" : "log p") + ", " +
        std::to_string(l.reply.size()) + " tokens\n");
}

int template_only(const Args& a) {
  const Text t(a.model);
  const auto print = [](const std::string& rendered, const std::vector<Token>& ids) {
    write_json({{"rendered", rendered}, {"prompt_ids", ids}});
  };
  if (a.lines.input.empty()) {
    std::string rendered;
    const auto ids = t.prompt(must(a.prompt.request()), &rendered).ids;
    print(rendered, ids);
    return 0;
  }
  return for_lines(
      a.lines.input,
      [&](int, const Json& j) {
        std::string rendered;
        const auto ids = request_prompt(j, t, a.prompt.raw, &rendered).ids;
        print(rendered, ids);
      },
      [](int n, const std::string& m) { write_line(error_line(n, m)); });
}

int one(const Args& a) {
  Engine e(a.model);
  Line l;
  l.prompt = e.text.prompt(must(a.prompt.request())).ids;
  l.reply = *request_reply({{"reply", a.reply}, {"end", a.end}}, e.text);
  if (l.reply.empty())
    fail({Code::kInvalid, "a reply to score", "none", "command line",
          "give one with --reply, or requests with --input"});
  Scorer s(a, e);
  if (a.lines.json || a.lines.jsonl) {
    s.add(std::move(l));
    s.run();
    return s.code();
  }
  s.extend({&l, 1});
  print_table(l, *e.text.tokenizer);
  return 0;
}

}  // namespace

Run add_score(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->model.add(app, true);
  a->prompt.add(app);
  a->lines.add(app);
  app.add_option("--reply", a->reply, "reply to score");
  app.add_flag("--end", a->end, "append the end-of-turn token to --reply");
  app.add_option("--alpha", a->alpha, "also lz = logsumexp_v alpha log p(v) of every row")->check(CLI::PositiveNumber);
  app.add_option(
         "--pseudo", a->pseudo,
         "also the pseudo-likelihood: each token given all others, over the K most likely at its place and itself")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--logits", a->logits_dir, "folder for the logits after each prompt, LINE.npy");
  app.add_flag("--template-only", a->template_only, "only render the chat template: no weights needed");
  app.add_option("--allow-ids", a->allowed, "restrict the law to these token ids")->delimiter(',');
  app.footer(
      "JSON field \"pseudo\": {\"k\", \"logprobs\", \"sum\", \"candidates\"}, candidates the ids that each position "
      "chose among.\n"
      "Examples:\n  ponder score -p 'What is the capital of France?' --reply 'Paris.' --end\n"
      "  echo '{\"prompt\":\"1 2 3\",\"reply\":\" 4\"}' | ponder score --input - --jsonl");
  return [a] {
    if (std::isnan(a->alpha)) fail({Code::kInvalid, "a number above 0", "nan", "--alpha", ""});
    if (a->template_only) return template_only(*a);
    if (!a->logits_dir.empty()) must(make_folder(a->logits_dir));
    if (a->lines.input.empty()) return one(*a);
    Engine e(a->model);
    Scorer s(*a, e);
    const int code = for_lines(
        a->lines.input,
        [&](int n, const Json& j) {
          Line l;
          l.number = n;
          l.prompt = request_prompt(j, e.text, a->prompt.raw).ids;
          const auto reply = request_reply(j, e.text);
          if (!reply) fail({Code::kInvalid, "\"reply\" or \"reply_ids\"", "none", "request", ""});
          l.reply = *reply;
          s.add(std::move(l));
        },
        [&](int n, const std::string& m) {
          Line l;
          l.number = n;
          l.error = m;
          s.add(std::move(l));
        },
        [&] { s.run(); });
    s.run();
    return std::max(code, s.code());
  };
}

}  // namespace ponder::app
