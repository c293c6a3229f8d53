// ponder score: log-probabilities of given replies. Scores lines in batches, in order and in
// constant memory. A batch holds the lines that can be read without waiting.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/core/files.h"
#include "requests.h"

namespace ponder::app {
namespace {

struct ScoreArgs : RequestArgs {
  ScoreOptions options;
  std::string reply, logits_dir;
  bool end = false, template_only = false;
};

using ScoreBatch = LineBatch<ScoreRequest, ScoreAnswer>;

ScoreBatch score_batch(const ScoreArgs& a, Session& s) {
  const auto write_answer = [&a](int line, const ScoreAnswer& x) -> Status {
    if (!x.logits.empty())
      PONDER_TRY(write_npy(a.logits_dir + "/" + std::to_string(line) + ".npy", x.logits,
                           {static_cast<std::int64_t>(x.logits.size())}));
    write_line(to_json(x));
    return {};
  };
  return ScoreBatch(
      {.answer = [&a, &s](std::span<const ScoreRequest> r) { return s.score(r, a.options); },
       .write = write_answer});
}

// Prints a reply token by token, for people.
void print_score_table(const ScoreAnswer& a, const Tokenizer& t) {
  const auto number = [](double x) { return fmt::format("{:9.4f}  ", x); };
  for (std::size_t i = 0; i < a.reply.size(); ++i)
    write(number(a.logprobs[i]) + (a.k > 0 ? number(a.pseudo.logprobs[i]) : "") +
          quoted_json(t.piece(a.reply[i])) + "\n");
  write(number(a.sum) + (a.k > 0 ? number(a.pseudo.sum) + "log p, pseudo" : "log p") + ", " +
        std::to_string(a.reply.size()) + " tokens\n");
}

Result<int> render_templates(const ScoreArgs& a) {
  PONDER_ASSIGN(const auto text, open_text(a.model));
  const auto render = [&](const PromptRequest& r) -> Status {
    PONDER_ASSIGN(const Prompt p, text->prompt(r));
    write_line(to_json(p));
    return {};
  };
  if (a.lines.input.empty()) {
    PONDER_ASSIGN(const PromptRequest r, a.prompt.request());
    PONDER_TRY(render(r));
    return 0;
  }
  const auto answer = [&](int, const RequestLine& line) -> Status {
    PONDER_ASSIGN(const PromptRequest r, prompt_of(line));
    return render(r);
  };
  return for_lines(a.lines.input, text->tokenizer().n_vocab(), {.fn = answer});
}

Result<int> score_one(const ScoreArgs& a) {
  if (a.reply.empty() && !a.end)
    return Error{Code::kInvalid, "a reply to score", "none", "command line",
                 "give one with --reply, or requests with --input"};
  ScoreRequest r{.reply = {.reply = a.reply, .end = a.end}};
  PONDER_ASSIGN(r.prompt, a.prompt.request());
  PONDER_ASSIGN(const auto session, open_session(a.model));
  work_begins();
  if (a.json()) {
    ScoreBatch batch = score_batch(a, *session);
    batch.add(0, std::move(r));
    PONDER_TRY(batch.run());
    return batch.code();
  }
  PONDER_ASSIGN(auto answers, session->score({&r, 1}, a.options));
  PONDER_TRY(answers[0].status());
  print_score_table(*answers[0], session->text().tokenizer());
  return 0;
}

Result<int> run_score(const ScoreArgs& a) {
  if (std::isnan(a.options.alpha))
    return Error{Code::kInvalid, "a number above 0", "nan", "--alpha", ""};
  if (a.template_only) return render_templates(a);
  if (a.options.logits) PONDER_TRY(make_folder(a.logits_dir));
  if (a.lines.input.empty()) return score_one(a);
  PONDER_ASSIGN(const auto session, open_session(a.model));
  // A wrong option is reported before any line is read.
  PONDER_TRY(session->score({}, a.options).status());
  ScoreBatch batch = score_batch(a, *session);
  const auto add = [&](int n, const RequestLine& line) -> Status {
    constexpr std::size_t kLines = 64;
    work_begins();
    PONDER_ASSIGN(PromptRequest prompt, prompt_of(line));
    if (!line.reply)
      return Error{Code::kInvalid, "\"reply\" or \"reply_ids\"", "none", "request", ""};
    batch.add(n, {.prompt = std::move(prompt), .reply = *line.reply});
    return batch.size() < kLines ? Status() : batch.run();
  };
  const LineCalls calls{.fn = add,
                        .on_error = [&](int n, const Error& e) { return batch.fail(n, e); },
                        .idle = [&] { return batch.run(); }};
  PONDER_ASSIGN(const int code,
                for_lines(a.lines.input, session->text().tokenizer().n_vocab(), calls));
  PONDER_TRY(batch.run());
  return std::max(code, batch.code());
}

}  // namespace

Run add_score(CLI::App& app) {
  auto a = std::make_shared<ScoreArgs>();
  a->add(app);
  app.add_option("--reply", a->reply, "reply to score");
  app.add_flag("--end", a->end, "append the end-of-turn token to --reply");
  app.add_option("--alpha", a->options.alpha, "also lz = logsumexp_v alpha log p(v) of every row")
      ->check(CLI::PositiveNumber);
  app.add_option("--pseudo", a->options.pseudo,
                 "also the pseudo-likelihood: each token given all others, over the K most likely "
                 "at its place and itself")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--logits", a->logits_dir, "folder for the logits after each prompt, LINE.npy");
  app.add_flag("--template-only", a->template_only,
               "only render the chat template: no weights needed");
  app.add_option("--allow-ids", a->options.allowed, "restrict the law to these token ids")
      ->delimiter(',');
  app.footer(
      "JSON field \"pseudo\": {\"k\", \"logprobs\", \"sum\", \"candidates\"}, candidates the ids "
      "that each position "
      "chose among.\n"
      "Examples:\n  ponder score -p 'What is the capital of France?' --reply 'Paris.' --end\n"
      "  echo '{\"prompt\":\"1 2 3\",\"reply\":\" 4\"}' | ponder score --input - --jsonl");
  return [a] {
    a->options.logits = !a->logits_dir.empty();
    return run_score(*a);
  };
}

}  // namespace ponder::app
