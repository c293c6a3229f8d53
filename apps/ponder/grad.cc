// ponder grad: gradients of given replies' log-probability with respect to what enters the first block, or of the
// relaxed objective with respect to the weights of candidate tokens. One .npy file a line.
#include "grad.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/files.h"

namespace ponder::app {
namespace {

// Lines that wait for the pass that differentiates them, and their files.
class Batch {
 public:
  Batch(const GradArgs& a, Session& s) : args_(a), session_(s) {}
  Status add(int number, const RequestLine& line) {
    constexpr std::size_t kLines = 32, kRows = 512;  // of a pass: what bounds the memory
    PONDER_ASSIGN(GradientRequest r, gradient_request(line));
    rows_ += rows_of(r);
    numbers_.push_back(number);
    requests_.push_back(std::move(r));
    return requests_.size() < kLines && rows_ < kRows ? Status() : run();
  }
  // An error in the place of a line: what waits before it is answered first.
  Status fail(int number, const Error& e) {
    PONDER_TRY(run());
    write_line(error_line(number, e.message()));
    return {};
  }
  Status run() {
    constexpr double kMegabyte = 1024 * 1024;
    const auto answers = session_.gradients(requests_, static_cast<std::int64_t>(args_.tape_mb * kMegabyte));
    for (std::size_t i = 0; i < answers.size(); ++i) PONDER_TRY(print(numbers_[i], answers[i]));
    numbers_.clear();
    requests_.clear();
    rows_ = 0;
    return {};
  }
  int code() const { return code_; }
  int n_not_finite() const { return n_not_finite_; }

 private:
  // Positions, or bytes of a text, of which a position has one at least.
  static std::size_t rows_of(const GradientRequest& r) {
    if (const auto* relaxed = std::get_if<RelaxedReply>(&r.reply)) return relaxed->candidates.size() / relaxed->m;
    return std::visit([](const auto& x) { return x.size(); }, std::get<ReplyRequest>(r.reply).reply);
  }
  Status print(int number, const Result<GradientAnswer>& a) {
    if (!a.ok()) {
      n_not_finite_ += a.error().code == Code::kNumeric;
      code_ = std::max(code_, exit_code(a.error()));
      write_line(error_line(number, a.error().message()));
      return {};
    }
    const std::string file = args_.out + "/" + std::to_string(number) + ".npy";
    PONDER_TRY(write_npy(file, a->gradient, {a->rows, a->columns}));
    write_line(to_json(*a, file));
    return {};
  }

  const GradArgs& args_;
  Session& session_;
  std::vector<int> numbers_{};
  std::vector<GradientRequest> requests_{};
  std::size_t rows_ = 0;
  int n_not_finite_ = 0, code_ = 0;
};

Result<int> run_grad(const GradArgs& a) {
  if (a.lines.input.empty() && a.reply.empty())
    return Error{Code::kInvalid, "a reply to differentiate", "none", "command line",
                 "give one with --reply, or requests with --input"};
  PONDER_ASSIGN(const auto session, open_session(a.model));
  if (a.check) return check_gradients(a, *session);
  PONDER_TRY(make_folder(a.out));
  Batch batch(a, *session);
  Status failed;  // of what is no line's fault
  const auto keep = [&](Status s) {
    if (failed.ok()) failed = std::move(s);
  };
  PONDER_ASSIGN(const int code, for_gradients(a, *session,
                                              {.fn = [&](int n, const RequestLine& line) { return batch.add(n, line); },
                                               .on_error = [&](int n, const Error& e) { keep(batch.fail(n, e)); },
                                               .idle = [&] { keep(batch.run()); }}));
  keep(batch.run());
  PONDER_TRY(failed);
  if (batch.n_not_finite() > 0)
    std::fprintf(stderr, "ponder: %d gradients were not finite and were left out\n", batch.n_not_finite());
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
    return Error{Code::kInvalid, "\"reply\", \"reply_ids\" or \"candidates\"", "none", "request", ""};
  work_begins();
  return r;
}

Result<int> for_gradients(const GradArgs& a, const Session& s, const LineCalls& calls) {
  if (!a.lines.input.empty()) return for_lines(a.lines.input, s.text().tokenizer().n_vocab(), calls);
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
  app.add_option("--tape-limit", a->tape_mb, "most MB of activations to keep; beyond it layers are run twice")
      ->check(CLI::PositiveNumber);
  app.add_flag("--check", a->check, "write no files: compare with differences, small models with a reference; exit 1");
  app.add_option("--directions", a->options.directions, "with --check: random directions a line")
      ->check(CLI::Range(1, 1000));
  app.add_option("--tolerance", a->options.tolerance,
                 "with --check: largest relative error (default: 1e-2, against the reference 1e-4; 0.1 in bf16)")
      ->check(CLI::PositiveNumber);
  app.footer(
      "LINE.npy: float32 (n_reply, n_embd), d log p / d what enters the first block at each reply position; for lines "
      "with\n\"candidates\" and \"weights\" (n, m): dJ/d weights (n, m) of the relaxed objective.\nExamples:\n"
      "  ponder grad -p 'What is the capital of France?' --reply 'Paris.' --end --out /tmp/g\n"
      "  ponder grad -p 'What is the capital of France?' --reply 'Paris.' --check --precision f32\n"
      "  echo '{\"prompt\":\"1 2 3\",\"reply\":\" 4\"}' | ponder grad --input - --out /tmp/g");
  return [a] { return run_grad(*a); };
}

}  // namespace ponder::app
