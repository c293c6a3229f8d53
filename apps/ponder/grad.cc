// ponder grad: gradients of the log-probability of given replies with respect to the vectors that
// enter the first block, or of the relaxed objective with respect to the weights of candidate
// tokens. Writes one .npy file per line.
#include "grad.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/core/files.h"

namespace ponder::app {
namespace {

using GradBatch = LineBatch<GradientRequest, GradientAnswer>;

// An upper bound of a reply's positions: their number, or the bytes of a text, since each position
// has at least one.
std::size_t rows_of(const GradientRequest& r) {
  if (const auto* relaxed = std::get_if<RelaxedReply>(&r.reply))
    return relaxed->candidates.size() / relaxed->m;
  return std::visit([](const auto& x) { return x.size(); }, std::get<ReplyRequest>(r.reply).reply);
}

GradBatch grad_batch(const GradArgs& a, Session& s) {
  constexpr double kMegabyte = 1024 * 1024;
  const auto tape_limit = static_cast<std::int64_t>(a.tape_mb * kMegabyte);
  const auto write_answer = [&a](int line, const GradientAnswer& x) -> Status {
    const std::string file = a.out + "/" + std::to_string(line) + ".npy";
    PONDER_TRY(write_npy(file, x.gradient, {x.rows, x.columns}));
    write_line(to_json(x, file));
    return {};
  };
  return GradBatch(
      {.answer = [&s, tape_limit](
                     std::span<const GradientRequest> r) { return s.gradients(r, tape_limit); },
       .write = write_answer});
}

Result<int> run_grad(const GradArgs& a) {
  if (a.lines.input.empty() && a.reply.empty())
    return Error{Code::kInvalid, "a reply to differentiate", "none", "command line",
                 "give one with --reply, or requests with --input"};
  PONDER_ASSIGN(const auto session, open_session(a.model));
  if (a.check) return check_gradients(a, *session);
  PONDER_TRY(make_folder(a.out));
  GradBatch batch = grad_batch(a, *session);
  std::size_t rows = 0;  // rows of the lines in the batch
  const auto run = [&] {
    rows = 0;
    return batch.run();
  };
  const auto add = [&](int n, const RequestLine& line) -> Status {
    constexpr std::size_t kLines = 32, kRows = 512;  // limits of a pass, which bound the memory
    PONDER_ASSIGN(GradientRequest r, gradient_request(line));
    rows += rows_of(r);
    batch.add(n, std::move(r));
    return batch.size() < kLines && rows < kRows ? Status() : run();
  };
  const LineCalls calls{.fn = add,
                        .on_error =
                            [&](int n, const Error& e) {
                              rows = 0;
                              return batch.fail(n, e);
                            },
                        .idle = [&] { return run(); }};
  PONDER_ASSIGN(const int code, for_gradients(a, *session, calls));
  PONDER_TRY(run());
  if (batch.n_not_finite() > 0)
    std::fprintf(stderr, "ponder: %d gradients were not finite and were left out\n",
                 batch.n_not_finite());
  return std::max(code, batch.code());
}

}  // namespace

Result<GradientRequest> gradient_request(const RequestLine& line) {
  GradientRequest r;
  PONDER_ASSIGN(r.prompt, prompt_of(line));
  if (line.relaxed)
    r.reply = *line.relaxed;
  else if (line.reply)
    r.reply = *line.reply;
  else
    return Error{Code::kInvalid, "\"reply\", \"reply_ids\" or \"candidates\"", "none", "request",
                 ""};
  work_begins();
  return r;
}

Result<int> for_gradients(const GradArgs& a, const Session& s, const LineCalls& calls) {
  if (!a.lines.input.empty())
    return for_lines(a.lines.input, s.text().tokenizer().n_vocab(), calls);
  RequestLine line{.reply = ReplyRequest{.reply = a.reply, .end = a.end}};
  PONDER_ASSIGN(line.prompt, a.prompt.request());
  PONDER_TRY(calls.fn(0, line));
  return 0;
}

Run add_grad(CLI::App& app) {
  auto a = std::make_shared<GradArgs>();
  a->add(app);
  app.add_option("--reply", a->reply, "reply to differentiate");
  app.add_flag("--end", a->end, "append the end-of-turn token to --reply");
  app.add_option("--out", a->out, "folder for the gradients, LINE.npy");
  app.add_option("--tape-limit", a->tape_mb,
                 "most MB of activations to keep; beyond it layers are run twice")
      ->check(CLI::PositiveNumber);
  app.add_flag("--check", a->check,
               "write no files: compare with differences, and small models with a reference; "
               "exit code 1 if they differ");
  app.add_option("--directions", a->options.directions, "with --check: random directions per line")
      ->check(CLI::Range(1, 1000));
  app.add_option("--tolerance", a->options.tolerance,
                 "with --check: largest relative error (default: 1e-2, against the reference 1e-4; "
                 "0.1 in bf16)")
      ->check(CLI::PositiveNumber);
  app.footer(
      "LINE.npy: float32 (n_reply, n_embd), d log p / d what enters the first block at each reply "
      "position; for lines "
      "with\n\"candidates\" and \"weights\" (n, m): dJ/d weights (n, m) of the relaxed "
      "objective.\nExamples:\n"
      "  ponder grad -p 'What is the capital of France?' --reply 'Paris.' --end --out /tmp/g\n"
      "  ponder grad -p 'What is the capital of France?' --reply 'Paris.' --check --precision f32\n"
      "  echo '{\"prompt\":\"1 2 3\",\"reply\":\" 4\"}' | ponder grad --input - --out /tmp/g");
  return [a] { return run_grad(*a); };
}

}  // namespace ponder::app
