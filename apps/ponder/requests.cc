// The loop over the requests of --input, and the handling of a single one.
#include "requests.h"

#include <algorithm>

#include "line_reader.h"
#include "open_model.h"
#include "output.h"

namespace ponder::app {

void RequestArgs::add(CLI::App& app) {
  model.add(app, true);
  prompt.add(app);
  lines.add(app);
}

Result<int> for_text_lines(const std::string& input, const TextLineCalls& calls) {
  PONDER_ASSIGN(const auto in, LineReader::open(input));
  int code = 0, number = 0;
  for (std::string line; !stop_flag() && !output_broken(); ++number) {
    if (calls.idle && !in->ready()) PONDER_TRY(calls.idle());
    PONDER_ASSIGN(const bool more, in->next(line));
    if (!more) break;
    const Status s = calls.fn(number, line);
    if (s.ok()) continue;
    // The line is not at fault, and the next line would fail in the same way.
    if (s.error().code == Code::kIo) return s.error();
    PONDER_TRY(calls.on_error ? calls.on_error(number, s.error()) : write_error(number, s.error()));
    code = std::max(code, exit_code(s.error()));
  }
  return code;
}

Result<int> for_lines(const std::string& input, int n_vocab, const LineCalls& calls) {
  const auto parsed = [&](int number, const std::string& line) -> Status {
    PONDER_ASSIGN(const RequestLine request, parse_request(line, n_vocab));
    return calls.fn(number, request);
  };
  return for_text_lines(input, {.fn = parsed, .on_error = calls.on_error, .idle = calls.idle});
}

Status write_error(int line, const Error& e) {
  write_line(error_line(line, e.message()));
  return {};
}

PromptRequest intended(PromptRequest r, bool raw) {
  if (auto* text = std::get_if<RawText>(&r)) text->intended = text->intended || raw;
  return r;
}

Result<int> answer_requests(const RequestArgs& a, const AnswerOne& one) {
  if (a.lines.input.empty()) {
    // A missing prompt is reported before the model is loaded.
    PONDER_ASSIGN(PromptRequest prompt, a.prompt.request());
    PONDER_ASSIGN(const auto session, open_session(a.model));
    work_begins();
    PONDER_TRY(one(*session, std::move(prompt), a.json()));
    return 0;
  }
  PONDER_ASSIGN(const auto session, open_session(a.model, true));
  const auto answer = [&](int, const RequestLine& line) -> Status {
    PONDER_ASSIGN(PromptRequest prompt, prompt_of(line));
    work_begins();
    return one(*session, intended(std::move(prompt), a.prompt.raw), true);
  };
  return for_lines(a.lines.input, session->text().tokenizer().n_vocab(), {.fn = answer});
}

}  // namespace ponder::app
