// One request from the command line, or many from --input: how commands come by what they answer.
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

/// The model, and the prompt or the lines that it is asked.
struct RequestArgs {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  void add(CLI::App&);
  bool json() const { return lines.json || lines.jsonl; }
};

/// Calls fn(line number, request) for every line of --input. Lines that are no requests, and those
/// whose fn fails, are told to on_error(line number, error); without one they are answered by their
/// error. Calls idle(), where given, before every wait for more input: commands that work in
/// batches answer then what they have. Returns the exit code. Errors: kIo, kNotFound of the input;
/// those of on_error and idle.
struct LineCalls {
  std::function<Status(int, const RequestLine&)> fn;
  std::function<Status(int, const Error&)> on_error{};
  std::function<Status()> idle{};
};
Result<int> for_lines(const std::string& input, int n_vocab, const LineCalls&);

/// The same of lines that have a form of their own: fn takes the text.
struct TextLineCalls {
  std::function<Status(int, const std::string&)> fn;
  std::function<Status(int, const Error&)> on_error{};
  std::function<Status()> idle{};
};
Result<int> for_text_lines(const std::string& input, const TextLineCalls&);

/// Answers a line by its error.
Status write_error(int line, const Error&);

/// Lines that wait for the pass that answers them all. A line that has an error waits for its turn,
/// too: answers come in order.
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
  int code() const { return code_; }                  // of the lines that failed
  int n_not_finite() const { return n_not_finite_; }  // those that failed by kNumeric

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

/// What -no-cnv says of a request's raw text: it is intended.
PromptRequest intended(PromptRequest, bool raw);

/// Opens the model and calls one(session, prompt, json) for the prompt, or for every line of
/// --input. Returns the exit code.
using AnswerOne = std::function<Status(Session&, PromptRequest, bool json)>;
Result<int> answer_requests(const RequestArgs&, const AnswerOne& one);

}  // namespace ponder::app
