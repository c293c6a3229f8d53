// ponder grad: gradients of given replies' log-probability with respect to what enters the first block, or of the
// relaxed objective with respect to the weights of candidate tokens. One .npy file a line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "grad.h"
#include "out_file.h"
#include "ponder/files.h"
#include "ponder/gradient.h"

namespace ponder::app {
namespace {

// "candidates": [[…]], "weights": [[…]], both (n, m).
void read_relaxed(const Json& j, int n_vocab, GradLine& l) {
  const auto bad = [](const std::string& expected, const std::string& got, const char* key) {
    fail({Code::kInvalid, expected, got, key, ""});
  };
  const Json& candidates = j.at("candidates");
  if (!j.contains("weights")) bad("\"weights\" beside \"candidates\"", "none", "request");
  const Json& weights = j.at("weights");
  if (!candidates.is_array() || candidates.empty() || !candidates[0].is_array() || candidates[0].empty())
    bad("an array of arrays of token ids", candidates.dump().substr(0, 40), "candidates");
  if (!weights.is_array() || weights.size() != candidates.size())
    bad("as many rows of weights as of candidates (" + std::to_string(candidates.size()) + ")",
        weights.is_array() ? std::to_string(weights.size()) : "no array", "weights");
  l.relaxed = true;
  l.m = static_cast<int>(candidates[0].size());
  for (std::size_t t = 0; t < candidates.size(); ++t) {
    const std::string row = "row " + std::to_string(t);
    const auto ids = ids_of(candidates[t], "candidates, " + row, n_vocab);
    if (static_cast<int>(ids.size()) != l.m)
      bad(std::to_string(l.m) + " candidates, as in row 0", std::to_string(ids.size()), ("candidates, " + row).c_str());
    if (!weights[t].is_array() || weights[t].size() != ids.size())
      bad("a weight a candidate (" + std::to_string(l.m) + ")",
          weights[t].is_array() ? std::to_string(weights[t].size()) : "no array", ("weights, " + row).c_str());
    l.candidates.insert(l.candidates.end(), ids.begin(), ids.end());
    for (const Json& w : weights[t]) {
      if (!w.is_number()) bad("a number", w.dump().substr(0, 40), ("weights, " + row).c_str());
      l.weights.push_back(w.get<float>());
    }
  }
}

GradLine read_line(int number, const Json& j, const Engine& e, bool raw) {
  GradLine l;
  l.number = number;
  l.prompt = request_prompt(j, e.text, raw).ids;
  if (j.contains("candidates")) {
    read_relaxed(j, e.density->n_vocab(), l);
  } else if (const auto reply = request_reply(j, e.text)) {
    l.candidates = *reply;
  } else {
    fail({Code::kInvalid, "\"reply\", \"reply_ids\" or \"candidates\"", "none", "request", ""});
  }
  return l;
}

// Every request to fn, broken ones with their error; calls idle() before a wait for more. Returns the exit code.
int read_lines(const GradArgs& a, const Engine& e, const std::function<void(GradLine)>& fn,
               const std::function<void()>& idle) {
  if (a.lines.input.empty()) {
    const Json j{{"prompt_ids", e.text.prompt(must(a.prompt.request())).ids}, {"reply", a.reply}, {"end", a.end}};
    fn(read_line(0, j, e, a.prompt.raw));
    return 0;
  }
  return for_lines(
      a.lines.input, [&](int n, const Json& j) { fn(read_line(n, j, e, a.prompt.raw)); },
      [&](int n, const std::string& m) {
        GradLine l;
        l.number = n;
        l.error = m;
        fn(std::move(l));
      },
      idle);
}

class Runner {
 public:
  Runner(const GradArgs& a, Engine& e) : args_(a), engine_(e), prompts_(*e.density) { must(make_folder(a.out)); }
  void add(GradLine l) {
    constexpr std::size_t kLines = 32, kRows = 512;
    rows_ += l.candidates.size() / l.m;
    lines_.push_back(std::move(l));
    if (lines_.size() >= kLines || rows_ >= kRows) run();
  }
  void run();
  int code() const { return code_; }
  int n_not_finite() const { return n_not_finite_; }

 private:
  SoftReply soft(const GradLine&);
  void print(const GradLine&, const ReplyGradient&);

  const GradArgs& args_;
  Engine& engine_;
  Prompts prompts_;
  std::vector<GradLine> lines_;
  std::size_t rows_ = 0;
  int n_not_finite_ = 0, code_ = 0;
};

SoftReply Runner::soft(const GradLine& l) {
  return {.parent = prompts_.get(l.prompt), .candidates = l.candidates, .weights = l.weights, .m = l.m};
}

// A line that cannot be done is answered with its error, the others go on.
void Runner::run() {
  if (lines_.empty()) return;
  const GradientOptions options{.weights = true, .tape_limit = static_cast<std::int64_t>(args_.tape_mb * 1024 * 1024)};
  std::vector<ReplyGradient> results;
  std::vector<SoftReply> batch;
  try {
    for (const GradLine& l : lines_)
      if (l.error.empty()) batch.push_back(soft(l));
    must(engine_.density->value_and_grad(batch, {}, options, results));
  } catch (const Failure&) {  // whose? one by one
    results.clear();
    for (GradLine& l : lines_) {
      if (!l.error.empty()) continue;
      try {
        const SoftReply one = soft(l);
        std::vector<ReplyGradient> result;
        must(engine_.density->value_and_grad({&one, 1}, {}, options, result));
        results.push_back(std::move(result[0]));
      } catch (const Failure& f) {
        l.error = f.error.message();
        code_ = std::max(code_, exit_code(f.error));
      }
    }
  }
  std::size_t r = 0;
  for (const GradLine& l : lines_) {
    if (l.error.empty()) {
      print(l, results[r++]);
    } else {
      write_line(error_line(l.number, l.error));
    }
  }
  lines_.clear();
  rows_ = 0;
}

void Runner::print(const GradLine& l, const ReplyGradient& g) {
  if (!g.finite) {
    ++n_not_finite_;
    code_ = std::max(code_, 1);
    return write_line(error_line(l.number, "expected a finite gradient, got one that is not; it was not written"));
  }
  const std::string file = args_.out + "/" + std::to_string(l.number) + ".npy";
  const auto n = static_cast<std::int64_t>(l.candidates.size()) / l.m;
  if (l.relaxed) {
    must(write_npy(file, g.weights, {n, l.m}));
  } else {
    must(write_npy(file, g.embedding, {n, engine_.model->info().n_embd}));
  }
  write_json({{"value", g.value}, {"file", file}});
}

}  // namespace

Run add_grad(CLI::App& app) {
  auto a = std::make_shared<GradArgs>();
  a->model.add(app, true);
  a->prompt.add(app);
  a->lines.add(app);
  app.add_option("--reply", a->reply, "reply to differentiate");
  app.add_flag("--end", a->end, "append the end-of-turn token to --reply");
  app.add_option("--out", a->out, "folder for the gradients, LINE.npy");
  app.add_option("--tape-limit", a->tape_mb, "most MB of activations to keep; beyond it layers are run twice")
      ->check(CLI::PositiveNumber);
  app.add_flag("--check", a->check, "write no files: compare with differences, small models with a reference; exit 1");
  app.add_option("--directions", a->directions, "with --check: random directions a line")->check(CLI::Range(1, 1000));
  app.add_option("--tolerance", a->tolerance,
                 "with --check: largest relative error (default: 1e-2, against the reference 1e-4; 0.1 in bf16)")
      ->check(CLI::PositiveNumber);
  app.footer(
      "LINE.npy: float32 (n_reply, n_embd), d log p / d what enters the first block at each reply position; for lines "
      "with\n\"candidates\" and \"weights\" (n, m): dJ/d weights (n, m) of the relaxed objective.\nExamples:\n"
      "  ponder grad -p 'What is the capital of France?' --reply 'Paris.' --end --out /tmp/g\n"
      "  ponder grad -p 'What is the capital of France?' --reply 'Paris.' --check --precision f32\n"
      "  echo '{\"prompt\":\"1 2 3\",\"reply\":\" 4\"}' | ponder grad --input - --out /tmp/g");
  return [a] {
    if (a->lines.input.empty() && a->reply.empty())
      fail({Code::kInvalid, "a reply to differentiate", "none", "command line",
            "give one with --reply, or requests with --input"});
    Engine e(a->model);
    if (a->check) {
      GradCheck c(*a, e);
      const int code = read_lines(
          *a, e, [&](const GradLine& l) { c.add(l); }, flush);
      return std::max(code, c.finish());
    }
    Runner r(*a, e);
    const int code = read_lines(
        *a, e, [&](GradLine l) { r.add(std::move(l)); }, [&] { r.run(); });
    r.run();
    if (r.n_not_finite())
      std::fprintf(stderr, "ponder: %d gradients were not finite and were left out\n", r.n_not_finite());
    return std::max(code, r.code());
  };
}

}  // namespace ponder::app
