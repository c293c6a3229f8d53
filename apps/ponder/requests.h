// One request from the command line, or many from --input: how commands come by what they answer.
#pragma once

#include <functional>
#include <string>

#include "args.h"
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

/// Calls fn(line number, request) for every line of --input. Lines that are no requests, and those whose fn fails, are
/// told to on_error(line number, error); without one they are answered by their error.
/// Calls idle(), where given, before every wait for more input: commands that work in batches answer then what they
/// have. Returns the exit code. Errors: kIo, kNotFound of the input.
struct LineCalls {
  std::function<Status(int, const RequestLine&)> fn;
  std::function<void(int, const Error&)> on_error{};
  std::function<void()> idle{};
};
Result<int> for_lines(const std::string& input, int n_vocab, const LineCalls&);

/// What -no-cnv says of a request's raw text: it is intended.
PromptRequest intended(PromptRequest, bool raw);

/// Opens the model and calls one(session, prompt, json) for the prompt, or for every line of --input. Returns the exit
/// code.
using AnswerOne = std::function<Status(Session&, PromptRequest, bool json)>;
Result<int> answer_requests(const RequestArgs&, const AnswerOne& one);

}  // namespace ponder::app
