// ponder tokenize, ponder detokenize: converts text to ids and back. Neither loads weights.
#include <CLI/CLI.hpp>

#include "open_model.h"
#include "output.h"
#include "requests.h"

namespace ponder::app {
namespace {

struct TokensArgs {
  ModelArgs model;
  TextArgs text;
  LineArgs lines;
  bool no_special = false;
  std::vector<Token> ids;
  bool json() const { return lines.json || lines.jsonl; }
};

Error bad(const std::string& expected) { return {Code::kInvalid, expected, "none", "request", ""}; }

Result<int> run_tokenize(const TokensArgs& a) {
  PONDER_ASSIGN(const auto model, open_text(a.model));
  const Tokenizer& t = model->tokenizer();
  const auto encode = [&](const std::string& s) {
    return t.encode(s, {.parse_special = !a.no_special});
  };
  if (!a.lines.input.empty()) {
    const auto answer = [&](int, const RequestLine& r) -> Status {
      if (!r.text) return bad("one of \"text\", \"hex\"");
      write_line(ids_json(encode(*r.text)));
      return {};
    };
    return for_lines(a.lines.input, t.n_vocab(), {.fn = answer});
  }
  PONDER_ASSIGN(const std::string text, a.text.read());
  const auto ids = encode(text);
  if (a.json()) {
    write_line(ids_json(ids));
  } else {
    for (const Token v : ids) write(std::to_string(v) + "\t" + quoted_json(t.piece(v)) + "\n");
  }
  return 0;
}

Result<int> run_detokenize(const TokensArgs& a) {
  PONDER_ASSIGN(const auto model, open_text(a.model));
  const Tokenizer& t = model->tokenizer();
  if (!a.lines.input.empty()) {
    const auto answer = [&](int, const RequestLine& r) -> Status {
      if (!r.ids) return bad("\"ids\"");
      write_line(text_json(t.decode(*r.ids)));
      return {};
    };
    return for_lines(a.lines.input, t.n_vocab(), {.fn = answer});
  }
  PONDER_TRY(model->check_ids(a.ids, "--ids"));
  const std::string s = t.decode(a.ids);
  write_line(a.json() ? text_json(s) : s);
  return 0;
}

}  // namespace

Run add_tokenize(CLI::App& app) {
  auto a = std::make_shared<TokensArgs>();
  a->model.add(app, false);
  a->text.add(app, "the text");
  a->lines.add(app);
  app.add_flag("--no-parse-special", a->no_special,
               "control tokens spelled out in the text stay text");
  app.footer(
      "Examples:\n  ponder tokenize -p 'Hello, world'\n  echo '{\"text\":\"Hello\"}' | ponder "
      "tokenize --input - "
      "--jsonl");
  return [a] { return run_tokenize(*a); };
}

Run add_detokenize(CLI::App& app) {
  auto a = std::make_shared<TokensArgs>();
  a->model.add(app, false);
  a->lines.add(app);
  app.add_option("--ids", a->ids, "token ids, e.g. 504,3575")->delimiter(',');
  app.footer(
      "Examples:\n  ponder detokenize --ids 504,3575,282\n  echo '{\"ids\":[504,3575]}' | ponder "
      "detokenize --input - "
      "--jsonl");
  return [a] { return run_detokenize(*a); };
}

}  // namespace ponder::app
