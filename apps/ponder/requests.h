// Gets requests, either one from the command line or many from --input, and answers them in order.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "args.h"
#include "output.h"
#include "ponder/session.h"
#include "ponder/wire.h"

namespace ponder::app {

/// The options for the model, and for the prompt or the lines of requests.
struct RequestArgs {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  void add(CLI::App&);
  bool json() const { return lines.json || lines.jsonl; }
};

/// Calls fn(line number, request) for every line of --input. If a line is not a request, or its fn
/// fails, calls on_error(line number, error), or without on_error writes the error as the line's
/// answer. Before every wait for more input, calls idle() if it is set, so that commands that work
/// in batches can answer what they have. Returns the exit code. Errors: kIo and kNotFound for the
/// input; those of on_error and idle.
struct LineCalls {
  std::function<Status(int, const RequestLine&)> fn;
  std::function<Status(int, const Error&)> on_error{};
  std::function<Status()> idle{};
};
Result<int> for_lines(const std::string& input, int n_vocab, const LineCalls&);

/// The same for lines with another format: fn gets the text.
struct TextLineCalls {
  std::function<Status(int, const std::string&)> fn;
  std::function<Status(int, const Error&)> on_error{};
  std::function<Status()> idle{};
};
Result<int> for_text_lines(const std::string& input, const TextLineCalls&);

/// Writes the error as the line's answer.
Status write_error(int line, const Error&);

/// A batch of lines that one pass will answer. An error of a line is written after the answers to
/// the lines before it, so that answers come in order.
template <class Request, class Answer>
class LineBatch {
 public:
  struct Calls {
    std::function<Result<std::vector<Result<Answer>>>(std::span<const Request>)> answer;
    std::function<Status(int line, const Answer&)> write;
  };
  explicit LineBatch(Calls c) : calls_(std::move(c)) {}
  void add(int line, Request r) {
    lines_.push_back(line);
    requests_.push_back(std::move(r));
  }
  std::size_t size() const { return requests_.size(); }
  Status fail(int line, const Error& e) {
    PONDER_TRY(run());
    return write_error(line, e);
  }
  Status run() {
    PONDER_ASSIGN(const auto answers, calls_.answer(requests_));
    for (std::size_t i = 0; i < answers.size(); ++i) PONDER_TRY(write(lines_[i], answers[i]));
    lines_.clear();
    requests_.clear();
    return {};
  }
  int code() const { return code_; }                  // exit code: the largest of the failed lines'
  int n_not_finite() const { return n_not_finite_; }  // number of lines that failed with kNumeric

 private:
  Status write(int line, const Result<Answer>& a) {
    if (a.ok()) return calls_.write(line, *a);
    n_not_finite_ += a.error().code == Code::kNumeric;
    code_ = std::max(code_, exit_code(a.error()));
    return write_error(line, a.error());
  }

  Calls calls_;
  std::vector<int> lines_{};
  std::vector<Request> requests_{};
  int code_ = 0, n_not_finite_ = 0;
};

/// Marks raw text of a request as intended if `raw`, that is, -no-cnv, is set.
PromptRequest intended(PromptRequest, bool raw);

/// Opens the model and calls one(session, prompt, json) for the prompt, or for every line of
/// --input. Returns the exit code.
using AnswerOne = std::function<Status(Session&, PromptRequest, bool json)>;
Result<int> answer_requests(const RequestArgs&, const AnswerOne& one);

}  // namespace ponder::app
