// ponder tokenize, ponder detokenize: text to ids and back. No weights are loaded.
#include <CLI/CLI.hpp>

#include "output.h"

namespace ponder::app {
namespace {

std::string from_hex(const std::string& h) {
  std::string s;
  for (std::size_t i = 0; i < h.size(); i += 2) {
    const auto digit = [&](std::size_t k) {
      const std::size_t d = k < h.size() ? std::string("0123456789abcdef").find(static_cast<char>(std::tolower(h[k])))
                                         : std::string::npos;
      if (d == std::string::npos)
        fail({Code::kInvalid, "pairs of hexadecimal digits", "'" + h.substr(0, 40) + "'", "\"hex\"", ""});
      return d;
    };
    s += static_cast<char>(digit(i) * 16 + digit(i + 1));
  }
  return s;
}
std::string to_hex(const std::string& s) {
  std::string h;
  for (unsigned char c : s) {
    h += "0123456789abcdef"[c >> 4];
    h += "0123456789abcdef"[c & 15];
  }
  return h;
}
bool is_utf8(const std::string& s) {
  try {
    (void)Json(s).dump();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}
Json text_json(const std::string& s) {
  Json j{{"text", s}};
  if (!is_utf8(s)) j["hex"] = to_hex(s);
  return j;
}

struct Args {
  ModelArgs model;
  TextArgs text;
  LineArgs lines;
  bool no_special = false;
  std::vector<Token> ids;
};

}  // namespace

Run add_tokenize(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->model.add(app, false);
  a->text.add(app, "the text");
  a->lines.add(app);
  app.add_flag("--no-parse-special", a->no_special, "control tokens spelled out in the text stay text");
  app.footer(
      "Examples:\n  ponder tokenize -p 'Hello, world'\n  echo '{\"text\":\"Hello\"}' | ponder tokenize --input - "
      "--jsonl");
  return [a] {
    const Text t(a->model);
    const auto encode = [&](const std::string& s) { return t.tokenizer->encode(s, {.parse_special = !a->no_special}); };
    if (a->lines.input.empty()) {
      const auto ids = encode(a->text.content());
      if (a->lines.json || a->lines.jsonl) {
        write_line({{"ids", ids}});
        return 0;
      }
      for (Token v : ids)
        write(std::to_string(v) + "\t" +
              Json(t.tokenizer->piece(v)).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
      return 0;
    }
    return for_lines(
        a->lines.input,
        [&](int, const Json& j) {
          if (j.contains("text") == j.contains("hex"))
            fail({Code::kInvalid, "one of \"text\", \"hex\"", j.contains("text") ? "both" : "none", "request", ""});
          const Json& v = j.contains("text") ? j["text"] : j["hex"];
          if (!v.is_string()) fail({Code::kInvalid, "a string", v.type_name(), "request", ""});
          write_line({{"ids", encode(j.contains("text") ? v.get<std::string>() : from_hex(v.get<std::string>()))}});
        },
        [](int n, const std::string& m) { write_line(error_line(n, m)); });
  };
}

Run add_detokenize(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->model.add(app, false);
  a->lines.add(app);
  app.add_option("--ids", a->ids, "token ids, e.g. 504,3575")->delimiter(',');
  app.footer(
      "Examples:\n  ponder detokenize --ids 504,3575,282\n  echo '{\"ids\":[504,3575]}' | ponder detokenize --input - "
      "--jsonl");
  return [a] {
    const Text t(a->model);
    if (a->lines.input.empty()) {
      const std::string s = t.tokenizer->decode(ids_of(Json(a->ids), "--ids", t.tokenizer->n_vocab()));
      if (a->lines.json || a->lines.jsonl)
        write_line(text_json(s));
      else
        write(s + "\n");
      return 0;
    }
    return for_lines(
        a->lines.input,
        [&](int, const Json& j) {
          if (!j.contains("ids")) fail({Code::kInvalid, "\"ids\"", "none", "request", ""});
          write_line(text_json(t.tokenizer->decode(ids_of(j["ids"], "ids", t.tokenizer->n_vocab()))));
        },
        [](int n, const std::string& m) { write_line(error_line(n, m)); });
  };
}

}  // namespace ponder::app
