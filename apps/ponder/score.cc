// ponder score: log-probabilities of given replies. Lines are scored in batches, in order and in constant memory; lines
// with the same prompt share its keys and values.
#include <algorithm>
#include <cmath>

#include "base/npy.h"
#include "output.h"

namespace ponder::app {
namespace {

struct Args {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  std::string reply, logits_dir;
  double alpha = 0;
  bool end = false, template_only = false;
  std::vector<Token> allowed;
};

// A line waiting to be scored, or its error.
struct Line {
  int number = 0;
  std::vector<Token> prompt, reply;
  std::string error;
};

class Scorer {
 public:
  Scorer(const Args& a, Engine& e) : args_(a), engine_(e), prompts_(*e.density) {
    const int n = e.density->n_vocab();
    for (Token v : a.allowed)
      if (v < 0 || v >= n)
        fail({Code::kInvalid, "allowed ids from 0 to " + std::to_string(n - 1), std::to_string(v), "--allow-ids", ""});
    if (!a.allowed.empty()) mask_.push_back(TokenMask::only(n, a.allowed));
  }
  void add(Line l) {
    constexpr std::size_t kLines = 64, kTokens = 4096;
    const std::size_t n = l.prompt.size() + l.reply.size();
    if (l.error.empty() && static_cast<int>(n) > engine_.density->n_ctx())
      l.error = "expected a prompt and reply of at most " + std::to_string(engine_.density->n_ctx()) + " tokens, got " +
                std::to_string(n) + "; raise -c/--ctx-size";
    failed_ |= !l.error.empty();
    tokens_ += l.error.empty() ? l.reply.size() : 0;
    lines_.push_back(std::move(l));
    if (lines_.size() >= kLines || tokens_ >= kTokens) run();
  }
  void run();
  bool failed() const { return failed_; }

 private:
  void print(const Line&, std::span<const Row> rows, std::span<const Row> whole) const;

  const Args& args_;
  Engine& engine_;
  Prompts prompts_;
  std::vector<TokenMask> mask_;
  std::vector<Line> lines_;
  std::size_t tokens_ = 0;
  bool failed_ = false;
};

void Scorer::run() {
  std::vector<Extend> batch;
  const TokenMask* mask = mask_.empty() ? nullptr : &mask_[0];
  for (const Line& l : lines_) {
    if (!l.error.empty()) continue;
    const Prefix p = prompts_.get(l.prompt);
    Needs needs;
    if (args_.alpha > 0) needs = {.alpha = args_.alpha, .lz = true};
    batch.push_back({.parent = p, .tokens = l.reply, .rows = RowSet::kTargets, .needs = needs, .masks = {&mask, 1}});
    if (!args_.logits_dir.empty())
      batch.push_back(
          {.parent = p, .rows = RowSet::kLast, .needs = {.draw = {.kind = Draw::Kind::kRow}}, .masks = {&mask, 1}});
  }
  Rows rows;
  must(engine_.density->extend(batch, rows));
  for (Prefix p : rows.end) engine_.density->release(p);
  std::size_t r = 0;
  for (const Line& l : lines_) {
    if (!l.error.empty()) {
      write_line(error_line(l.number, l.error));
      continue;
    }
    const auto scored = rows.of(r++);
    print(l, scored, args_.logits_dir.empty() ? std::span<const Row>() : std::span<const Row>(rows.of(r++)));
  }
  prompts_.settle();
  lines_.clear();
  tokens_ = 0;
}

void Scorer::print(const Line& l, std::span<const Row> rows, std::span<const Row> whole) const {
  std::vector<double> lp, lz;
  double sum = 0;
  for (const Row& r : rows) {
    lp.push_back(r.logprob);
    sum += r.logprob;
    lz.push_back(r.lz);
  }
  Json j{{"prompt_ids", l.prompt}, {"reply_ids", l.reply}, {"logprobs", lp}, {"sum", sum}};
  if (args_.alpha > 0) j["lz"] = lz;
  if (!whole.empty())
    must(write_npy(args_.logits_dir + "/" + std::to_string(l.number) + ".npy", whole[0].logits,
                   {static_cast<std::int64_t>(whole[0].logits.size())}));
  write_line(j);
}

int template_only(const Args& a) {
  const Text t(a.model);
  return for_lines(
      a.lines.input,
      [&](int, const Json& j) {
        std::string rendered;
        const auto ids = request_prompt(j, t, &rendered);
        write_line({{"rendered", rendered}, {"prompt_ids", ids}});
      },
      [](int n, const std::string& m) { write_line(error_line(n, m)); });
}

int one(const Args& a) {
  Engine e(a.model);
  Line l{0, e.text.prompt(a.prompt), e.text.tokenizer->encode(a.reply, {.parse_special = false}), ""};
  if (a.end) {
    if (!e.text.tokenizer->end_of_turn())
      fail({Code::kInvalid, "a model with an end-of-turn token", "none", "--end", ""});
    l.reply.push_back(*e.text.tokenizer->end_of_turn());
  }
  if (l.reply.empty())
    fail({Code::kInvalid, "a reply to score", "none", "command line",
          "give one with --reply, or requests with --input"});
  if (a.lines.json || a.lines.jsonl) {
    Scorer s(a, e);
    s.add(std::move(l));
    s.run();
    return s.failed() ? 2 : 0;
  }
  const int k = must(e.density->add_context(l.prompt));
  Rows rows;
  const Extend ask{.parent = e.density->context(k), .tokens = l.reply, .rows = RowSet::kTargets};
  must(e.density->extend({&ask, 1}, rows));
  double sum = 0;
  for (std::size_t i = 0; i < l.reply.size(); ++i) {
    sum += rows.rows[i].logprob;
    char number[32];
    std::snprintf(number, sizeof number, "%9.4f", rows.rows[i].logprob);
    write(std::string(number) + "  " +
          Json(e.text.tokenizer->piece(l.reply[i])).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  char total[64];
  std::snprintf(total, sizeof total, "%9.4f  log p, %zu tokens\n", sum, l.reply.size());
  write(total);
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
  app.add_option("--logits", a->logits_dir, "folder for the logits after each prompt, LINE.npy");
  app.add_flag("--template-only", a->template_only, "only render the chat template: no weights needed");
  app.add_option("--allow-ids", a->allowed, "restrict the law to these token ids")->delimiter(',');
  app.footer(
      "Examples:\n  ponder score -p 'What is the capital of France?' --reply 'Paris.' --end\n"
      "  echo '{\"prompt\":\"1 2 3\",\"reply\":\" 4\"}' | ponder score --input - --jsonl");
  return [a] {
    if (a->template_only) return template_only(*a);
    if (!a->logits_dir.empty()) make_folder(a->logits_dir);
    if (a->lines.input.empty()) return one(*a);
    Engine e(a->model);
    Scorer s(*a, e);
    const int code = for_lines(
        a->lines.input,
        [&](int n, const Json& j) {
          Line l{n, request_prompt(j, e.text), {}, ""};
          const auto reply = request_reply(j, e.text);
          if (!reply) fail({Code::kInvalid, "\"reply\" or \"reply_ids\"", "none", "request", ""});
          l.reply = *reply;
          s.add(std::move(l));
        },
        [&](int n, const std::string& m) {
          s.add({n, {}, {}, m});
        });
    s.run();
    return std::max(code, s.failed() ? 2 : 0);
  };
}

}  // namespace ponder::app
